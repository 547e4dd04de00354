"""Scheduled: ask the payment processor for events that it couldn't deliver, and ring as it would have."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.lost_events import FindLostEvents as Find
    from activities.lost_events import LostEvents
    from domain.lost_events import Pace
    from workflows.options import COMPARISON, named


@workflow.defn
class FindLostEvents:
    @workflow.run
    async def run(self, pace: Pace | None = None) -> int:
        """How many events rang. The schedule asks at the usual pace."""
        info = workflow.info()
        command = Find(workflow_id=info.workflow_id, now=workflow.now(), pace=pace or Pace())
        return await workflow.execute_activity_method(
            LostEvents.find_lost_events, command, **named(COMPARISON, "ask for events that weren't delivered")
        )
