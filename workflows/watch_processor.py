"""Scheduled: notice when money moves and the payment processor says nothing."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.comparisons import Comparisons
    from activities.comparisons import WatchProcessor as Watch
    from workflows.options import RECORDS, named


@workflow.defn
class WatchProcessor:
    @workflow.run
    async def run(self) -> int:
        """For how many practices it is silent."""
        command = Watch(workflow_id=workflow.info().workflow_id, now=workflow.now())
        return await workflow.execute_activity_method(
            Comparisons.watch_processor, command, **named(RECORDS, "has the processor been heard?")
        )
