"""Scheduled: read providers' calendars elsewhere, whose busy times block their time here."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.busy_calendars import BusyCalendars, ReadBusyCalendars
    from workflows.options import CALENDARS, named


@workflow.defn
class ReadCalendars:
    @workflow.run
    async def run(self) -> int:
        """How many calendars were due."""
        return await workflow.execute_activity_method(
            BusyCalendars.read_busy_calendars,
            ReadBusyCalendars(now=workflow.now()),
            **named(CALENDARS, "read busy times from calendars elsewhere"),
        )
