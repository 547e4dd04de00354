"""Scheduled: processor, ledger and appointments compared once a day, practice by practice."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.comparisons import CompareMoney as Compare
    from activities.comparisons import Comparisons
    from workflows.options import COMPARISON, named


@workflow.defn
class CompareMoney:
    @workflow.run
    async def run(self) -> int:
        """How many differences are left for a person."""
        command = Compare(workflow_id=workflow.info().workflow_id, now=workflow.now())
        return await workflow.execute_activity_method(
            Comparisons.compare_money, command, **named(COMPARISON, "compare processor, ledger and appointments")
        )
