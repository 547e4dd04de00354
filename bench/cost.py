"""What one anonymous onboarding costs: Temporal actions, events and bytes of history. Counted, so exact.

Actions by the published rules (https://docs.temporal.io/cloud/actions): one for each workflow start (also of a child,
whose initiation costs another one), signal, update, timer, activity start and each of its retries, upsert of search
attributes, marker of a side effect, and one for all local activities of a workflow task together. Each heartbeat that
reaches the server is one too; it leaves no event, so the history can't show it and the server's counter must.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from bench.lines import Line
from bench.stack import actions_so_far, running_world
from tests.driver import World, until
from workflows.naming import client_journey_id

MOST_ACTIONS = 16
MOST_EVENTS = 60
MOST_BYTES = 12_000
HEARTBEAT = "grpc_RecordActivityTaskHeartbeat"

_ACTIONS = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: "workflow start",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signal",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: "update",
    EventType.EVENT_TYPE_TIMER_STARTED: "timer",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activity",
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "upsert of search attributes",
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: "child workflow",
    EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: "signal sent",
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """`by_history` are actions that left events; `by_server` is what the server counted, heartbeats included."""

    events: int
    bytes_of_history: int
    by_history: Counter[str]
    by_server: Counter[str]

    @property
    def actions(self) -> int:
        return self.by_server.total()


def actions_in(history: list[HistoryEvent]) -> Counter[str]:
    """Billable actions that a history shows, by the rules above."""
    counts: Counter[str] = Counter()
    batches: set[int] = set()
    for event in history:
        name = _ACTIONS.get(event.event_type)
        if name is not None:
            counts[name] += 1
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            counts["retry"] += event.activity_task_started_event_attributes.attempt - 1
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            batches.add(event.marker_recorded_event_attributes.workflow_task_completed_event_id)
    counts["local activities of a workflow task"] = len(batches)
    return +counts


async def cost_of_onboarding(world: World) -> Cost:
    """Drive one client through HTTP from the sign-up to ready. Nothing else may happen on this server meanwhile."""
    provider = await world.new_provider()
    before = await actions_so_far(world)
    person = await world.ready_client(provider)
    handle = (await world.engine()).get_workflow_handle(client_journey_id(person.client_id))

    async def quiet() -> bool:
        # The last step's workflow task is still to come when the records say ready.
        described = (await handle.describe()).raw_description
        return not described.pending_activities and not described.HasField("pending_workflow_task")

    await until(quiet, "the journey to wait for a booking")
    history = await handle.fetch_history()
    by_history = actions_in(list(history.events))

    async def counted() -> Counter[str] | None:
        after = Counter(await actions_so_far(world))
        after.subtract(before)
        # The counters come once a second: the journey's end may be missing while its heartbeats are there.
        return +after if after.total() - after[HEARTBEAT] >= by_history.total() else None

    by_server = await until(counted, "the server to count as many actions as the history shows")
    described = (await handle.describe()).raw_description.workflow_execution_info
    return Cost(
        events=len(history.events),
        bytes_of_history=described.history_size_bytes,
        by_history=by_history,
        by_server=by_server,
    )


async def measure() -> list[Line]:
    async with running_world() as world:
        cost = await cost_of_onboarding(world)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(cost.by_server.items()))
    return [
        Line(
            name="onboarding: Temporal actions",
            figure=cost.actions,
            unit="actions",
            limit=MOST_ACTIONS,
            note=f"{cost.by_history.total()} by the history; by the server {kinds}",
        ),
        Line(name="onboarding: events of history", figure=cost.events, unit="events", limit=MOST_EVENTS),
        Line(name="onboarding: bytes of history", figure=cost.bytes_of_history, unit="bytes", limit=MOST_BYTES),
    ]
