"""Moving the whole stack on in time, for the demo and the tests: every open workflow goes along."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper

_AT_ONCE = 20


async def check_engine(engine: Client) -> None:
    """Raises RPCError or RuntimeError where the engine doesn't answer."""
    await engine.count_workflows("ExecutionStatus = 'Running'", rpc_timeout=timedelta(seconds=3))


async def fast_forward_all(engine: Client, by: timedelta) -> int:
    """Let this much time pass in every open workflow (its timers fire in order); how many there were."""
    skipper = TimeSkipper(engine)
    places = asyncio.Semaphore(_AT_ONCE)

    async def forward(workflow_id: str, run_id: str | None) -> None:
        async with places:
            try:
                await skipper.fast_forward(engine.get_workflow_handle(workflow_id, run_id=run_id), by)
            except RPCError as error:
                # It closed while we were on our way.
                if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
                    raise

    # Children started on the way inherit their parent's time.
    open_now = [(one.id, one.run_id) async for one in engine.list_workflows("ExecutionStatus = 'Running'")]
    await asyncio.gather(*(forward(*one) for one in open_now))
    return len(open_now)
