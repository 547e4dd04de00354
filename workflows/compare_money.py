"""Scheduled: processor, ledger and appointments compared once a day, practice by practice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.comparisons import CompareMoney as Compare
    from activities.comparisons import Comparisons
    from workflows.options import COMPARISON, named


@dataclass(frozen=True, kw_only=True)
class Comparing:
    """What is younger than `grace` isn't looked at: it may still be under way."""

    grace: timedelta = timedelta(minutes=2)


@workflow.defn
class CompareMoney:
    @workflow.run
    async def run(self, asked: Comparing | None = None) -> int:
        """How many differences are left for a person. The schedule asks for nothing special."""
        grace = (asked or Comparing()).grace
        command = Compare(workflow_id=workflow.info().workflow_id, now=workflow.now(), grace=grace)
        return await workflow.execute_activity_method(
            Comparisons.compare_money, command, **named(COMPARISON, "compare processor, ledger and appointments")
        )
