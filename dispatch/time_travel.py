"""Moving the whole stack on in time, for the demo and the tests: every open workflow goes along."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from dispatch.register import SCHEDULES

_AT_ONCE = 20
# The server stops a journey's fast-forward after so many leaps (some 200 unless told): a step that waits for better
# weather leaps five times in a quarter of an hour, so a week of it needs thousands.
_MOST_LEAPS = 100_000
_PATIENCE_SECONDS = 45
_LOOK_EVERY_SECONDS = 0.05


async def check_engine(engine: Client) -> None:
    """Raises RPCError or RuntimeError where the engine doesn't answer."""
    await engine.count_workflows("ExecutionStatus = 'Running'", rpc_timeout=timedelta(seconds=3))


async def fast_forward_all(engine: Client, by: timedelta) -> int:
    """Let this much time pass in every open workflow (its timers fire in order); how many there were.

    Raises RuntimeError for one that stays behind, and TimeoutError where it takes too long.
    """
    skipper = TimeSkipper(engine, config=TimeSkippingConfig(max_session_skip_count=_MOST_LEAPS))
    places = asyncio.Semaphore(_AT_ONCE)

    async def forward(workflow_id: str, run_id: str) -> None:
        async with places:
            try:
                handle = engine.get_workflow_handle(
                    workflow_id, run_id=await _without_children(engine, workflow_id, run_id)
                )
                if not await skipper.fast_forward(handle, by):
                    await _check_closed(handle)
            except RPCError as error:
                # It closed while we were on our way.
                if error.status not in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION):
                    raise

    # Children started on the way inherit their parent's time. What schedules start is over in a moment, on wall time.
    scheduled = ", ".join(f"'{one.__name__}'" for one in SCHEDULES.values())
    travelling = f"ExecutionStatus = 'Running' AND WorkflowType NOT IN ({scheduled})"
    open_now = [(one.id, one.run_id) async for one in engine.list_workflows(travelling)]
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await asyncio.gather(*(forward(*one) for one in open_now))
    return len(open_now)


async def _without_children(engine: Client, workflow_id: str, run_id: str) -> str:
    """The run to move on: where the open one has an open child (which would hold its time), a new one is asked for."""
    handle = engine.get_workflow_handle(workflow_id)
    if not (await handle.describe()).raw_description.pending_children:
        return run_id
    await handle.signal("begin_new_run")
    while True:
        description = await handle.describe()
        if description.run_id != run_id or description.status is not WorkflowExecutionStatus.RUNNING:
            return str(description.run_id)
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _check_closed(handle: WorkflowHandle[Any, Any]) -> None:
    """A journey that is open and didn't come along would live in another time than its pages."""
    if (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
        raise RuntimeError(f"{handle.id} did not come along in time")
