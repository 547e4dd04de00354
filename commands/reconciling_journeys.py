"""Reconciliation of journeys and bookings: the records against what runs in Temporal, and what it has been told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.client import WorkflowExecutionStatus

from activities.comparing_money import each
from commands.reconciling import Compared
from db import loose_ends
from db.events import EventKind
from db.loose_ends import AppointmentStands, ClientStands, ToldEvent
from db.models import Appointment, Client
from db.tenancy import appointment_by_id, client_by_id
from dispatch.engine_view import Heard, Run
from domain.reconciliation import Finding, Matter, Remedy, booking_disagrees, journey_disagrees, needs_journey
from domain.stages import Stage
from domain.states import AppointmentStatus
from workflows.booking import Booking
from workflows.client_journey import ClientJourney
from workflows.naming import booking_id, client_journey_id

_JOURNEY_FACTS = (
    EventKind.ACCOUNT_OPENED,
    EventKind.INTAKE_SUBMITTED,
    EventKind.INVITATION_REQUESTED,
    EventKind.NEW_CLIENT_FORMS_REQUESTED,
    EventKind.JOURNEY_WITHDRAWN,
)
_BOOKING_FACTS = (EventKind.APPOINTMENT_MOVED, EventKind.APPOINTMENT_CANCELLED, EventKind.VISIT_RECORDED)
_READ_AT_THE_BEGINNING = (EventKind.ACCOUNT_OPENED, EventKind.INTAKE_SUBMITTED)
# Between the clocks of whoever stamped an event and of Temporal.
_CLOCKS_APART = timedelta(seconds=5)
# Fields that name a fact: the same fact has the same ones.
_NAMING = ("account_id", "submission_id", "invitation_id", "request_id", "appointment_id", "revision", "status")


@dataclass(kw_only=True)
class Ground:
    """What was read at the beginning."""

    clients: Sequence[ClientStands]
    appointments: Sequence[AppointmentStands]
    told: Mapping[str, list[ToldEvent]]  # by the workflow that was told
    without_trace: set[str]
    journeys: Mapping[str, str]  # open ones, with the stage they show
    bookings: Mapping[str, str]
    unknown: list[str] = field(default_factory=list)


async def compare_journeys(given: Compared) -> list[Finding]:
    ground = await _read(given)
    findings = await each(ground.clients, lambda client: _client(given, ground, client))
    findings += await each(ground.appointments, lambda one: _appointment(given, ground, one))
    greetings = [_greeting(ground, one) for one in findings]
    anew = {name for one in findings for name in (client_journey_id(one.subject), booking_id(one.subject))}
    lost = await each(ground.told.items(), lambda told: _lost_facts(given, ground, *told, anew=told[0] in anew))
    unknown = await each(ground.unknown, lambda workflow_id: _unknown(given, workflow_id))
    return findings + [one for one in greetings if one] + [one for some in lost for one in some] + unknown


async def _read(given: Compared) -> Ground:
    # Temporal first: what is recorded meanwhile isn't settled yet, and left out.
    journeys = await given.engine.running(ClientJourney)
    bookings = await given.engine.running(Booking)
    settled = given.moments.settled
    async with given.database.transaction() as session:
        ground = Ground(
            clients=await loose_ends.clients(session, settled),
            appointments=await loose_ends.appointments(session, settled),
            told=_by_workflow(await loose_ends.told(session, settled, [*_JOURNEY_FACTS, *_BOOKING_FACTS])),
            without_trace=await loose_ends.without_trace(session, settled, given.moments.now),
            journeys=journeys,
            bookings=bookings,
        )
        for table, open_ones, name in ((Client, journeys, client_journey_id), (Appointment, bookings, booking_id)):
            ids = {one.partition(":")[2] for one in open_ones}
            ground.unknown += [name(one) for one in sorted(await loose_ends.unknown(session, table, ids))]
    return ground


def _by_workflow(events: Sequence[ToldEvent]) -> dict[str, list[ToldEvent]]:
    told: dict[str, list[ToldEvent]] = {}
    for event in events:
        to_booking = event.kind in _BOOKING_FACTS
        name = booking_id(event.payload["appointment_id"]) if to_booking else client_journey_id(event.client_id)
        told.setdefault(name, []).append(event)
    return told


# Journeys


async def _client(given: Compared, ground: Ground, client: ClientStands) -> Finding | None:
    journey_id = client_journey_id(client.client_id)
    shown = ground.journeys.get(journey_id)
    if shown is None:
        needed = needs_journey(client.stage, has_been_booked=client.has_been_booked)
    else:
        needed = journey_disagrees(Stage(shown), client.stage)
    if not needed:
        return None
    # What was listed may be late, so it only says where to look.
    run = await given.engine.look(journey_id)
    stage = await _stage_now(given, client.client_id)
    if run is None or not run.running:
        if shown is None and needs_journey(stage, has_been_booked=client.has_been_booked):
            return await _missing_journey(given, client, run)
        return None
    if shown is not None and run.at_rest and journey_disagrees(Stage(run.stage), stage):
        facts = {"run": run.run_id, "shows": run.stage, "recorded": str(stage), "newest": str(client.newest_event)}
        return Finding(
            matter=Matter.JOURNEY_DISAGREES, remedy=Remedy.REOPEN_JOURNEY, subject=client.client_id, facts=facts
        )
    return None


async def _missing_journey(given: Compared, client: ClientStands, run: Run | None) -> Finding:
    facts = {"stage": str(client.stage), "found": _how_it_ended(run), "newest": str(client.newest_event)}
    matter, remedy = Matter.JOURNEY_MISSING, Remedy.REOPEN_JOURNEY
    if run is not None and run.terminated and not await given.engine.ended_by_us(run):
        matter, remedy = Matter.JOURNEY_TERMINATED, Remedy.NOTE
    return Finding(matter=matter, remedy=remedy, subject=client.client_id, facts=facts)


async def _stage_now(given: Compared, client_id: str) -> Stage:
    async with given.database.transaction() as session:
        return Stage((await client_by_id(session, client_id)).stage)


def _greeting(ground: Ground, finding: Finding) -> Finding | None:
    """A journey that is started again begins where its client stands: a greeting that was on its way is lost."""
    if finding.remedy is not Remedy.REOPEN_JOURNEY:
        return None
    client = next(one for one in ground.clients if one.client_id == finding.subject)
    if not client.ungreeted or client.stage is Stage.RECORDED:
        return None
    return Finding(matter=Matter.GREETING_UNSENT, remedy=Remedy.PERSON, subject=client.client_id)


# Bookings


async def _appointment(given: Compared, ground: Ground, known: AppointmentStands) -> Finding | None:
    workflow_id = booking_id(known.appointment_id)
    shown = ground.bookings.get(workflow_id)
    if shown is not None and not booking_disagrees(shown, known.status):
        return None
    run = await given.engine.look(workflow_id)
    async with given.database.transaction() as session:
        appointment = await appointment_by_id(session, known.appointment_id)
    status = AppointmentStatus(appointment.status)
    if status is not known.status:
        return None
    facts = {
        "client": known.client_id,
        "status": str(status),
        "starts_at": appointment.starts_at.isoformat(),
        "newest": str(known.newest_event),
        **({"refund": known.refund_id} if known.refund_id else {}),
    }
    if run is not None and run.running:
        if not run.at_rest or not booking_disagrees(run.stage, status):
            return None
        facts |= {"run": run.run_id, "shows": run.stage}
        return Finding(
            matter=Matter.BOOKING_DISAGREES, remedy=Remedy.REOPEN_BOOKING, subject=known.appointment_id, facts=facts
        )
    return await _missing_booking(given, known, run, facts)


async def _missing_booking(
    given: Compared, known: AppointmentStands, run: Run | None, facts: dict[str, str]
) -> Finding:
    facts |= {"found": _how_it_ended(run), **({"run": run.run_id} if run is not None else {})}
    matter, remedy = Matter.BOOKING_MISSING, Remedy.REOPEN_BOOKING
    if run is not None and run.terminated and not await given.engine.ended_by_us(run):
        matter, remedy = Matter.BOOKING_TERMINATED, Remedy.NOTE
    elif run is not None and run.status is WorkflowExecutionStatus.COMPLETED:
        # It came to an end of which the records know nothing: the client has been told something else.
        remedy = Remedy.PERSON
    return Finding(matter=matter, remedy=remedy, subject=known.appointment_id, facts=facts)


def _how_it_ended(run: Run | None) -> str:
    return run.status.name.lower() if run is not None and run.status is not None else "nothing"


# What was told and isn't there


async def _lost_facts(
    given: Compared, ground: Ground, workflow_id: str, events: Sequence[ToldEvent], *, anew: bool
) -> list[Finding] | None:
    """Facts are in the history of a workflow that runs; else, or where it is started `anew`, the records show them."""
    if anew or (workflow_id not in ground.journeys and workflow_id not in ground.bookings):
        lost = [event for event in events if event.event_id in ground.without_trace]
    else:
        run = await given.engine.look(workflow_id)
        if run is None or not run.running:
            return None
        heard = await given.engine.heard(run)
        lost = [event for event in events if _was_for(event, run) and not _was_heard(event, heard)]
        lost = [event for event in lost if _still_holds(event, ground)]
    return [
        Finding(
            matter=Matter.FACT_LOST,
            remedy=Remedy.TELL_AGAIN,
            subject=event.event_id,
            facts={"kind": event.kind, "client": event.client_id, "workflow": workflow_id},
        )
        for event in _newest_of_each(lost)
    ]


def _was_for(event: ToldEvent, run: Run) -> bool:
    """Whether this run ought to have been told; a journey reads in the records what was told before it began."""
    apart = _CLOCKS_APART if event.kind in _READ_AT_THE_BEGINNING else -_CLOCKS_APART
    return event.handled_at >= run.started_at + apart


def _was_heard(event: ToldEvent, heard: Sequence[Heard]) -> bool:
    named = {name: event.payload[name] for name in _NAMING if name in event.payload}
    return any(
        one.name == event.kind and all(one.fact.get(name) == value for name, value in named.items()) for one in heard
    )


def _still_holds(event: ToldEvent, ground: Ground) -> bool:
    """A withdrawal that something was told after has been taken back by it."""
    return event.kind != EventKind.JOURNEY_WITHDRAWN or event.event_id in ground.without_trace


def _newest_of_each(events: Sequence[ToldEvent]) -> list[ToldEvent]:
    """One and the same fact, told again before, is one finding."""
    newest = {(event.kind, str(sorted(event.payload.items()))): event for event in events}
    return sorted(newest.values(), key=lambda event: event.seq)


# What the records know nothing of


async def _unknown(given: Compared, workflow_id: str) -> Finding | None:
    run = await given.engine.look(workflow_id)
    if run is None or not run.running:
        return None
    command = await given.engine.started_with(run)
    command = {**command, **(command.get("terms") or {})}
    names = ("client_id", "practice_id", "provider_id", "starts_at", "payment_id")
    facts = {name.removesuffix("_id"): str(command[name]) for name in names if command.get(name)}
    subject = workflow_id.partition(":")[2]
    journey = workflow_id == client_journey_id(subject)
    return Finding(
        matter=Matter.JOURNEY_UNKNOWN if journey else Matter.BOOKING_UNKNOWN,
        remedy=Remedy.END_WORKFLOW,
        subject=subject,
        facts=facts | {"workflow": workflow_id, "run": run.run_id},
    )
