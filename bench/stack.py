"""A stack for measuring: on free ports, with PostgreSQL as durable as `make run` has it, thrown away afterwards."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from devstack.stack import Stack, StackPlan, free_port
from tests.driver import World


def plan_for(state_dir: Path) -> StackPlan:
    http_port = free_port()
    return StackPlan(
        state_dir=state_dir,
        environment="test",
        http_host="127.0.0.1",
        http_port=http_port,
        base_url=f"http://127.0.0.1:{http_port}",
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        mailbox_port=free_port(),
        simulator_port=free_port(),
        metrics_port=free_port(),
        # A sweep in the middle of a measurement would be counted with it.
        given={"PORTICO_OPERATOR_TOKENS": "operator-token", "PORTICO_SWEEP_MINUTES": "1440"},
    )


@contextlib.asynccontextmanager
async def running_world() -> AsyncIterator[World]:
    """A new stack and its outside."""
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as directory:
        stack = Stack(plan_for(Path(directory)), lambda line: None)
        try:
            await stack.start()
            async with httpx.AsyncClient(timeout=60) as http:
                world = World(stack, http)
                yield world
                await world.close()
        finally:
            await stack.stop()
            stack.postgres.remove()


async def actions_so_far(world: World) -> dict[str, int]:
    """The Temporal server's own count of our billable actions since it started, by its kinds; about a second late.

    The server chooses the port of its metrics by itself and says so when it starts.
    """
    said = (world.stack.plan.state_dir / "logs" / "temporal.log").read_text()
    address = re.search(r"Metrics:\s+(http://\S+)", said)
    assert address is not None, "the Temporal server didn't say where its metrics are"
    counters = (await world.http.get(address.group(1))).text
    found = re.findall(r'^action\{action_type="(\w+)",namespace="default".*?\} ([\d.e+]+)$', counters, re.MULTILINE)
    counts: dict[str, int] = {}
    for kind, value in found:
        counts[kind] = counts.get(kind, 0) + int(float(value))
    return counts
