"""A provider's days that are called off: nothing while it can be undone, then appointment by appointment."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.called_off_days import CallingOffDays, CallOffPart
    from domain.batches import Part
    from workflows.messages import CallOffDays
    from workflows.options import RECORDS, named
    from workflows.parts import part_by_part

# Few, so that a part is over long before its time limit, and is taken up soon where its worker was killed.
_AT_A_TIME = 5


@workflow.defn
class CalledOffDays:
    @workflow.init
    def __init__(self, start: CallOffDays) -> None:
        self._called_off_id = start.called_off_id

    @workflow.run
    async def run(self, start: CallOffDays) -> int:
        """How many appointments were gone through; none where it was undone."""
        grace = start.runs_at - workflow.now() - timedelta(seconds=start.skew_seconds)
        if grace > timedelta():
            workflow.set_current_details("Waits until it can't be undone any more.")
            await workflow.sleep(grace, summary="until it can't be undone any more")
        return await part_by_part(self._next_part)

    async def _next_part(self) -> Part:
        return await workflow.execute_activity_method(
            CallingOffDays.call_off_part,
            CallOffPart(called_off_id=self._called_off_id, most=_AT_A_TIME),
            **named(RECORDS, f"the next {_AT_A_TIME} appointments"),
        )
