"""What a namespace needs: search attributes and schedules. A one-off at installation, harmless when repeated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from workflows.compare_money import CompareMoney
from workflows.find_lost_events import FindLostEvents
from workflows.naming import (
    COMPARE_MONEY,
    FIND_LOST_EVENTS,
    READ_CALENDARS,
    SWEEP_HOLDS,
    SWEEP_PRACTICES,
    SWEEP_WAITLISTS,
    TASK_QUEUE,
    WATCH_PROCESSOR,
)
from workflows.read_calendars import ReadCalendars
from workflows.search_attributes import REGISTRY
from workflows.sweep_holds import SweepHolds
from workflows.sweep_practices import SweepPractices
from workflows.sweep_waitlists import SweepWaitlists
from workflows.watch_processor import WatchProcessor

SCHEDULES: Mapping[str, type] = {
    SWEEP_HOLDS: SweepHolds,
    SWEEP_WAITLISTS: SweepWaitlists,
    SWEEP_PRACTICES: SweepPractices,
    COMPARE_MONEY: CompareMoney,
    WATCH_PROCESSOR: WatchProcessor,
    FIND_LOST_EVENTS: FindLostEvents,
    READ_CALENDARS: ReadCalendars,
}
_DAILY = timedelta(days=1)


async def register_search_attributes(client: Client) -> list[str]:
    """Add what is missing; the names that were added."""
    missing = await missing_search_attributes(client)
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace, search_attributes={name: REGISTRY[name] for name in missing}
            )
        )
    return missing


async def missing_search_attributes(client: Client) -> list[str]:
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return [name for name in REGISTRY if name not in listed.custom_attributes]


async def register_schedules(client: Client, *, sweep_every: timedelta, calendars_every: timedelta) -> None:
    """Make the schedules, or change them to what the settings say now. One that operators paused stays paused."""
    intervals = {SWEEP_PRACTICES: _DAILY, COMPARE_MONEY: _DAILY, READ_CALENDARS: calendars_every}
    for name, workflow in SCHEDULES.items():
        await _register(client, name, workflow, intervals.get(name, sweep_every))


async def _register(client: Client, name: str, sweep: type, every: timedelta) -> None:
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(sweep.__name__, id=name, task_queue=TASK_QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # What was missed while Temporal was away needn't be made up for: one sweep finds everything.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )

    def changed(given: ScheduleUpdateInput) -> ScheduleUpdate:
        wanted.state = given.description.schedule.state
        return ScheduleUpdate(schedule=wanted)

    try:
        await client.create_schedule(name, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(changed)


async def missing_schedules(client: Client) -> list[str]:
    return [name for name in SCHEDULES if not await _exists(client, name)]


async def _exists(client: Client, schedule_id: str) -> bool:
    try:
        await client.get_schedule_handle(schedule_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True
