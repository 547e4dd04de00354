"""How long a stack takes to start, cold (nothing there yet) and warm (again on the same state), in seconds.

The floor is PostgreSQL and Temporal alone, side by side, with an empty database: what no stack can do without.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bench.lines import Line, median
from bench.stack import plan_for
from devstack.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Size:
    rounds: int


async def measure(size: Size) -> list[Line]:
    ours: list[tuple[float, float]] = []
    floor: list[tuple[float, float]] = []
    for _ in range(size.rounds):
        ours.append(await _cold_and_warm(_start_all))
        floor.append(await _cold_and_warm(_start_bare))
    return [
        Line(
            name=f"start-up of the stack, {name}",
            figure=median(one[which] for one in ours),
            floor=median(one[which] for one in floor),
            unit="s",
        )
        for which, name in enumerate(("cold", "warm"))
    ]


async def _cold_and_warm(start: Callable[[Stack], Awaitable[None]]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="portico-bench-") as directory:
        plan = plan_for(Path(directory))
        seconds = []
        for _ in range(2):
            begun = time.perf_counter()
            stack = Stack(plan, lambda line: None)
            try:
                await start(stack)
                seconds.append(time.perf_counter() - begun)
            finally:
                await stack.stop()
        stack.postgres.remove()
    return seconds[0], seconds[1]


async def _start_all(stack: Stack) -> None:
    await stack.start()


async def _start_bare(stack: Stack) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_start_postgres(stack))
        group.create_task(stack.supervisor.start(stack.temporal.part()))


async def _start_postgres(stack: Stack) -> None:
    await asyncio.to_thread(stack.postgres.prepare)
    await stack.supervisor.start(stack.postgres.part())
    await asyncio.to_thread(stack.postgres.ensure_database)
