"""Booking: one atomic claim in the provider's calendar, and a recorded event for the journey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.idempotency import earlier_result, keep_result
from commands.instants import check_instant
from commands.moving import move
from commands.office import Office
from db.busy_times import elsewhere
from db.calendar import busy_intervals, lock_calendar, upcoming_count
from db.events import EventKind, client_subject, record_event
from db.fees import payment_for
from db.ids import new_id
from db.in_force import InForce, in_force_for
from db.models import Appointment, Client, IntakeSubmission, Provider
from db.policy_store import PolicyInForce, load_policy
from db.settings_store import load_availability
from db.tenancy import appointment_being_chosen, appointment_by_id, still_here
from db.timeline import tell
from domain.decisions import Block, BookingRequest, booking_blocks, refusals, slot_block
from domain.errors import Conflict, NotFound, ValidationFailed
from domain.fees import FeeQuote, quote_for
from domain.slots import Slot, generate_slots, is_offered, peak_overlap
from domain.stages import Actor, Track
from domain.states import BLOCKING, AppointmentStatus, SubmissionStatus, TimelineKind

_LONGEST_WINDOW = timedelta(days=62)


@dataclass(frozen=True, kw_only=True)
class Standpoint:
    """Everything that the decisions about one client's booking are made from, read in one transaction."""

    request: BookingRequest
    here: InForce
    blocks: list[Block]
    now: datetime

    @property
    def in_force(self) -> PolicyInForce:
        return self.here.policy


async def standpoint(
    session: AsyncSession, office: Office, client: Client, actor: Actor, *, override: bool = False, lock: bool = False
) -> Standpoint:
    """With `lock`, the calendar is held from here on; what doesn't depend on it is read before."""
    here = await in_force_for(session, client.provider_id, client.id)
    now = office.clock.at(here.clock_offset)
    submitted = await intake_submitted(session, client.id)
    if lock:
        await lock_calendar(session, client.provider_id)
    request = BookingRequest(
        actor=actor,
        track=Track(client.track),
        has_account=client.account_id is not None,
        intake_submitted=submitted,
        upcoming=await upcoming_count(session, client.id, now),
        override=override,
        returning=await has_been_here(session, client.id),
    )
    return Standpoint(
        request=request, here=here, blocks=booking_blocks(here.policy.policy, here.standing, request), now=now
    )


async def intake_submitted(session: AsyncSession, client_id: str) -> bool:
    query = select(IntakeSubmission.id).where(
        IntakeSubmission.client_id == client_id, IntakeSubmission.status == str(SubmissionStatus.SUBMITTED)
    )
    return (await session.scalar(query.limit(1))) is not None


async def has_been_here(session: AsyncSession, client_id: str) -> bool:
    """Another appointment of theirs stands or was kept: it isn't the first visit any more that they book."""
    been = [str(AppointmentStatus.BOOKED), str(AppointmentStatus.FULFILLED)]
    query = select(Appointment.id).where(Appointment.client_id == client_id, Appointment.status.in_(been))
    return (await session.scalar(query.limit(1))) is not None


async def free_slots(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    start: datetime,
    end: datetime,
    client: Client | None = None,
    *,
    but_for: str | None = None,
) -> list[Slot]:
    """The slots offered (to this client) within the window, 62 days at most. Raises ValidationFailed.

    `but_for` is an appointment that is to be moved: its own time is free for it.
    """
    now = await office.clock.now(session)
    check_instant("from", start, now)
    check_instant("to", end, now)
    if end <= start:
        raise ValidationFailed.of("to", "must be later than from")
    if end - start > _LONGEST_WINDOW:
        raise ValidationFailed.of("to", f"must be at most {_LONGEST_WINDOW.days} days after from")
    policy = (await load_policy(session, provider.id, client.id if client else None)).policy
    margin = timedelta(days=2)
    busy = await busy_intervals(session, provider.id, start - margin, end + margin, but_for=but_for)
    return generate_slots(
        await load_availability(session, provider.id),
        policy.slot_rules(),
        busy,
        start,
        end,
        now,
        elsewhere=await elsewhere(session, provider.id, start - margin, end + margin),
    )


async def why_not(
    session: AsyncSession, office: Office, client: Client, starts_at: datetime | None, actor: Actor = Actor.CLIENT
) -> tuple[list[Block], PolicyInForce]:
    """Every rule that keeps this client from booking (this slot); what the page shows and the API answers."""
    point = await standpoint(session, office, client, actor)
    blocks = list(point.blocks)
    if starts_at is not None:
        check_instant("starts_at", starts_at, point.now)
        block = await _slot_block(session, point, starts_at)
        blocks += [block] if block else []
    return blocks, point.in_force


async def _slot_block(session: AsyncSession, point: Standpoint, starts_at: datetime) -> Block | None:
    policy = point.in_force.policy
    ends_at = starts_at + timedelta(minutes=policy.appointment_minutes)
    margin = timedelta(minutes=policy.buffer_minutes)
    busy = await busy_intervals(session, point.here.provider_id, starts_at - margin, ends_at + margin)
    taken = peak_overlap(busy, starts_at, ends_at, margin) >= policy.max_simultaneous_appointments
    away = await elsewhere(session, point.here.provider_id, starts_at, ends_at + margin)
    offered = is_offered(point.here.availability, policy.slot_rules(), starts_at, point.now, away)
    return slot_block(offered=offered, taken=taken, actor=point.request.actor, override=point.request.override)


async def claim(
    session: AsyncSession,
    office: Office,
    client: Client,
    starts_at: datetime,
    *,
    actor: Actor,
    override_reason: str | None = None,
    idempotency_key: str | None = None,
    seen_quote: str | None = None,
) -> Appointment:
    """Take the slot for the client: pending, held until the fee is paid or the hold ends.

    A client whose last time was lost while its fee was on the way takes the new one for that appointment, without
    paying again; one who holds or has this very time keeps it, and is asked nothing twice. `seen_quote` is the
    reference of the quote that they were shown, where they were shown one: another fee or refund rule is shown first,
    and not asked. Raises the refusal of the first rule that stands in the way. The calendar's lock makes the check and
    the claim one.
    """
    scope = f"claim:{client.id}"
    request: dict[str, object] = {"starts_at": starts_at.isoformat()}
    earlier = await earlier_result(session, scope, idempotency_key, request)
    if earlier is not None:
        return await appointment_by_id(session, earlier["appointment_id"])
    choosing = await appointment_being_chosen(session, client.id)
    if choosing is not None:
        appointment = await move(session, office, choosing, starts_at, actor=actor, override_reason=override_reason)
    else:
        appointment = await _claim_anew(session, office, client, starts_at, actor, override_reason, seen_quote)
    await keep_result(session, scope, idempotency_key, request, {"appointment_id": appointment.id})
    return appointment


async def _claim_anew(
    session: AsyncSession,
    office: Office,
    client: Client,
    starts_at: datetime,
    actor: Actor,
    override_reason: str | None,
    seen_quote: str | None,
) -> Appointment:
    point = await standpoint(session, office, client, actor, override=override_reason is not None, lock=True)
    if not await still_here(session, client.id, lock=False):
        raise NotFound("There is no such client.")
    check_instant("starts_at", starts_at, point.now)
    if actor is Actor.STAFF and starts_at <= point.now:
        raise ValidationFailed.of("starts_at", "must be in the future")
    if actor is Actor.CLIENT:
        # Chosen in another tab: the same time, the same fee, the same checkout.
        theirs = await _already_theirs(session, client.id, starts_at)
        if theirs is not None:
            return theirs
    refusals(point.blocks)
    quote = fee_quote(point.in_force, point.request) if actor is Actor.CLIENT else None
    _check_seen(quote, seen_quote)
    block = await _slot_block(session, point, starts_at)
    refusals([block] if block else [])
    appointment = _appointment(point, client, starts_at, actor, override_reason)
    session.add(appointment)
    await session.flush()
    payment_id = None
    if quote is not None:
        payment = payment_for(appointment, quote, point.here.merchant_account, point.now)
        session.add(payment)
        await session.flush()
        payment_id = payment.id
    await tell(session, client.id, TimelineKind.SLOT_HELD, at=point.now, actor=actor, ref=appointment.id)
    await _record_claim(session, appointment, payment_id, point.in_force.policy.reminder_hours)
    return appointment


async def _already_theirs(session: AsyncSession, client_id: str, starts_at: datetime) -> Appointment | None:
    query = select(Appointment).where(
        Appointment.client_id == client_id,
        Appointment.starts_at == starts_at,
        Appointment.status.in_([str(status) for status in BLOCKING]),
        Appointment.cancel_requested_at.is_(None),
    )
    return await session.scalar(query.limit(1))


def _appointment(
    point: Standpoint, client: Client, starts_at: datetime, actor: Actor, override_reason: str | None
) -> Appointment:
    policy = point.in_force.policy
    return Appointment(
        id=new_id("apt"),
        practice_id=client.practice_id,
        provider_id=client.provider_id,
        client_id=client.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=policy.appointment_minutes),
        status=str(AppointmentStatus.PENDING),
        revision=0,
        booked_by=str(actor),
        override_reason=override_reason,
        settings_version=point.in_force.version,
        cancel_notice_minutes=policy.cancel_notice_minutes,
        reminder_hours=list(policy.reminder_hours),
        hold_expires_at=point.now + timedelta(minutes=policy.hold_minutes),
        created_at=point.now,
    )


def fee_quote(in_force: PolicyInForce, request: BookingRequest) -> FeeQuote | None:
    return quote_for(in_force.policy, in_force.versions, returning=request.returning)


async def quote_now(session: AsyncSession, office: Office, client: Client) -> FeeQuote | None:
    """What the client is asked if they book now; None where nothing is due."""
    point = await standpoint(session, office, client, Actor.CLIENT)
    return fee_quote(point.in_force, point.request)


def _check_seen(quote: FeeQuote | None, seen: str | None) -> None:
    if seen is not None and seen != (quote.reference if quote else ""):
        detail = f"The fee has changed: it is {quote.amount} now." if quote else "There is no fee any more."
        raise Conflict(f"{detail} Please look at it, and go on if you agree.", quote=quote.reference if quote else "")


async def _record_claim(
    session: AsyncSession, appointment: Appointment, payment_id: str | None, reminder_hours: Sequence[int]
) -> None:
    assert appointment.hold_expires_at is not None
    await record_event(
        session,
        source="booking",
        tenant=appointment.provider_id,
        external_id=f"claim:{appointment.id}",
        kind=EventKind.APPOINTMENT_CLAIMED,
        subject=client_subject(appointment.client_id),
        payload={
            "appointment_id": appointment.id,
            "starts_at": appointment.starts_at.isoformat(),
            "ends_at": appointment.ends_at.isoformat(),
            "hold_expires_at": appointment.hold_expires_at.isoformat(),
            "payment_id": payment_id,
            "booked_by": appointment.booked_by,
            "reminder_hours": list(reminder_hours),
        },
    )
