"""Scheduled: find holds that have ended and whose booking doesn't see to them."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sweeps import SweepEndedHolds, Sweeps
    from workflows.options import RECORDS, named


@workflow.defn
class SweepHolds:
    @workflow.run
    async def run(self) -> int:
        """How many holds were handed to their bookings again."""
        return await workflow.execute_activity_method(
            Sweeps.sweep_holds, SweepEndedHolds(now=workflow.now()), **named(RECORDS, "find holds that have ended")
        )
