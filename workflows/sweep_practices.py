"""Scheduled: have every merchant account and subscription read again, whatever rang."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sweeps import SweepPractices as Sweep
    from activities.sweeps import Sweeps
    from workflows.options import RECORDS, named


@workflow.defn
class SweepPractices:
    @workflow.run
    async def run(self) -> int:
        """How many subscriptions are read again."""
        return await workflow.execute_activity_method(
            Sweeps.sweep_practices, Sweep(now=workflow.now()), **named(RECORDS, "read what the processor has again")
        )
