"""What happens next on a client's way, and when, if nobody does anything: the dates that journeys keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.cadence import (
    ATTENTION_LAPSES_AFTER,
    booking_waiting,
    intake_waiting,
    invitation_waiting,
    reminder_ahead,
    revoked_waiting,
)
from domain.policy import PortalPolicy
from domain.stages import Stage
from domain.states import AppointmentStatus, AttentionOwner


class AheadKind(StrEnum):
    """What will happen by itself; or the visit, which needs somebody to come."""

    INVITATION_REMINDER = "invitation_reminder"
    INVITATION_EXPIRES = "invitation_expires"
    INTAKE_REMINDER = "intake_reminder"
    WAY_LAPSES = "way_lapses"
    HOLD_ENDS = "hold_ends"
    FEE_GOES_BACK = "fee_goes_back"
    APPOINTMENT_REMINDER = "appointment_reminder"
    VISIT = "visit"
    ATTENTION_PASSED_ON = "attention_passed_on"
    ATTENTION_LAPSES = "attention_lapses"


_NUDGES = (AheadKind.INVITATION_REMINDER, AheadKind.INTAKE_REMINDER)


class Turn(StrEnum):
    """Who has to do something for the way to go on."""

    CLIENT_OPENS_ACCOUNT = "client_opens_account"
    CLIENT_FILLS_IN_INTAKE = "client_fills_in_intake"
    CLIENT_PAYS = "client_pays"
    CLIENT_CHOOSES_AGAIN = "client_chooses_again"
    CLIENT_BOOKS = "client_books"
    PRACTICE_BOOKS = "practice_books"
    PRACTICE_ANSWERS = "practice_answers"
    PORTICO_INVITES = "portico_invites"
    PRACTICE_INVITES = "practice_invites"
    VISIT_COMES = "visit_comes"
    NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True)
class Ahead:
    kind: AheadKind
    at: datetime
    ref: str | None = None  # the appointment's or attention item's id


@dataclass(frozen=True, kw_only=True)
class OpenLink:
    """The newest invitation that went out, or the one that the practice has taken back.

    `replaced`: a newer one is on its way. `reminds` is False for somebody who was told that they have an account.
    """

    issued_at: datetime
    expires_at: datetime
    replaced: bool = False
    reminds: bool = True
    taken_back_at: datetime | None = None
    reminder_days: Sequence[int] | None = None  # as planned when it was made; None: as the settings are


@dataclass(frozen=True, kw_only=True)
class Visit:
    appointment_id: str
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    hold_expires_at: datetime | None = None
    choose_until: datetime | None = None
    reminder_hours: Sequence[int] | None = None  # as planned when it was claimed; None: as the settings are


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """A step that waits for a person."""

    item_id: str
    owner: AttentionOwner
    raised_at: datetime
    due_at: datetime | None
    lapses: bool = False  # unanswered, a mail is given up in the end; money and records never are


@dataclass(frozen=True, kw_only=True)
class Whereabouts:
    """Where a client stands, as the records say it."""

    stage: Stage
    has_account: bool
    policy: PortalPolicy
    invitation: OpenLink | None = None
    intake_since: datetime | None = None  # assigned, and not submitted
    ready_since: datetime | None = None
    visits: Sequence[Visit] = ()
    stuck: Sequence[Stuck] = ()
    clients_zone: str = "UTC"  # whose nights nobody is reminded at
    declines_nudges: bool = False  # invitation and form are waited for all the same


def whose_turn(where: Whereabouts, now: datetime) -> Turn:
    """The one thing that is waited for; what is stuck goes first."""
    if where.stuck:
        return Turn.PRACTICE_ANSWERS
    if any(one.choose_until is not None and one.choose_until > now for one in where.visits):
        return Turn.CLIENT_CHOOSES_AGAIN
    if any(one.status is AppointmentStatus.PENDING for one in where.visits):
        return Turn.CLIENT_PAYS
    if any(one.status is AppointmentStatus.BOOKED and one.ends_at > now for one in where.visits):
        return Turn.VISIT_COMES
    if where.stage in (Stage.RECORDED, Stage.INVITED) and _taken_back_at(where) is not None:
        return Turn.PRACTICE_INVITES
    match where.stage:
        case Stage.RECORDED:
            return Turn.PORTICO_INVITES
        case Stage.INVITED:
            return Turn.CLIENT_OPENS_ACCOUNT
        case Stage.ACCOUNT | Stage.INTAKE:
            return Turn.CLIENT_FILLS_IN_INTAKE
        case Stage.READY:
            return Turn.CLIENT_BOOKS if where.policy.allow_self_schedule else Turn.PRACTICE_BOOKS
        case Stage.BOOKED | Stage.CLOSED:
            return Turn.NOBODY


def ahead(where: Whereabouts, now: datetime) -> list[Ahead]:
    """What comes, in order of time. Of repeated reminders the next one only.

    Reminders are those that were planned, as the journeys keep them, whatever the settings are by now.
    """
    coming = [*_of_waiting(where, now), *_of_visits(where, now), *_of_stuck(where)]
    unwanted = _NUDGES if where.declines_nudges else ()
    return sorted(
        (one for one in coming if one.at > now and one.kind not in unwanted), key=lambda one: (one.at, one.kind)
    )


def _of_waiting(where: Whereabouts, now: datetime) -> Iterator[Ahead]:
    taken_back_at = _taken_back_at(where)
    match where.stage:
        case Stage.RECORDED | Stage.INVITED if taken_back_at is not None:
            yield Ahead(kind=AheadKind.WAY_LAPSES, at=revoked_waiting(taken_back_at).lapses_at)
        case Stage.INVITED if where.invitation is not None and not where.has_account:
            link = where.invitation
            waiting = invitation_waiting(where.policy, link.issued_at, link.expires_at, link.reminder_days)
            if not link.replaced:
                yield Ahead(kind=AheadKind.INVITATION_EXPIRES, at=link.expires_at)
                yield from _next(AheadKind.INVITATION_REMINDER, waiting.reminders if link.reminds else (), now)
            yield Ahead(kind=AheadKind.WAY_LAPSES, at=waiting.lapses_at)
        case Stage.INTAKE if where.intake_since is not None:
            planned = where.invitation.reminder_days if where.invitation is not None else None
            waiting = intake_waiting(where.policy, where.intake_since, planned)
            yield from _next(AheadKind.INTAKE_REMINDER, waiting.reminders, now)
            yield Ahead(kind=AheadKind.WAY_LAPSES, at=waiting.lapses_at)
        # Once there was an appointment the journey is over; who cancels is waited for without an end.
        case Stage.READY if where.ready_since is not None and not where.visits:
            yield Ahead(kind=AheadKind.WAY_LAPSES, at=booking_waiting(where.ready_since).lapses_at)


def _taken_back_at(where: Whereabouts) -> datetime | None:
    return where.invitation.taken_back_at if where.invitation is not None and not where.has_account else None


def _next(kind: AheadKind, moments: Sequence[datetime], now: datetime) -> Iterator[Ahead]:
    coming = min((moment for moment in moments if moment > now), default=None)
    if coming is not None:
        yield Ahead(kind=kind, at=coming)


def _of_visits(where: Whereabouts, now: datetime) -> Iterator[Ahead]:
    for one in where.visits:
        ref = one.appointment_id
        if one.choose_until is not None:
            yield Ahead(kind=AheadKind.FEE_GOES_BACK, at=one.choose_until, ref=ref)
        if one.status is AppointmentStatus.PENDING and one.hold_expires_at is not None:
            yield Ahead(kind=AheadKind.HOLD_ENDS, at=one.hold_expires_at, ref=ref)
        if one.status is AppointmentStatus.BOOKED:
            hours = where.policy.reminder_hours if one.reminder_hours is None else one.reminder_hours
            reminder = reminder_ahead(one.starts_at, hours, now, where.clients_zone)
            if reminder is not None:
                yield Ahead(kind=AheadKind.APPOINTMENT_REMINDER, at=reminder, ref=ref)
            yield Ahead(kind=AheadKind.VISIT, at=one.starts_at, ref=ref)


def _of_stuck(where: Whereabouts) -> Iterator[Ahead]:
    for one in where.stuck:
        if one.owner is not AttentionOwner.FRONT_DESK or one.due_at is None:
            continue
        yield Ahead(kind=AheadKind.ATTENTION_PASSED_ON, at=one.due_at, ref=one.item_id)
        if one.lapses:
            yield Ahead(kind=AheadKind.ATTENTION_LAPSES, at=one.raised_at + ATTENTION_LAPSES_AFTER, ref=one.item_id)
