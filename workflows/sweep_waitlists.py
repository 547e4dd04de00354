"""Scheduled: find waitlists on which a time fits a wish, or something is over, and nobody has said so."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.waitlist import SweepWaitlists as Sweep
    from activities.waitlist import Waitlists
    from workflows.options import RECORDS, named


@workflow.defn
class SweepWaitlists:
    @workflow.run
    async def run(self) -> int:
        """How many lists are looked after now."""
        return await workflow.execute_activity_method(
            Waitlists.sweep_waitlists, Sweep(now=workflow.now()), **named(RECORDS, "find freed times that fit a wish")
        )
