"""Booking: one atomic claim in the provider's calendar, and a recorded event for the journey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.idempotency import earlier_result, keep_result
from commands.instants import check_instant
from commands.moving import move
from commands.office import Office
from commands.standpoint import Standpoint, standpoint
from db.appointment_types import load_types
from db.busy_times import elsewhere
from db.calendar import busy_intervals
from db.events import EventKind, client_subject, record_event
from db.fees import payment_for
from db.ids import new_id
from db.models import Appointment, Client, Provider
from db.policy_store import PolicyInForce, load_policy
from db.settings_store import load_availability
from db.tenancy import appointment_being_chosen, appointment_by_id, still_here
from db.timeline import tell
from db.waitlist import leave_waitlist
from domain.audit import AuditKind
from domain.decisions import Block, refusals, slot_block
from domain.errors import Conflict, NotFound, ValidationFailed
from domain.fees import FeeQuote
from domain.slots import Slot, generate_slots, is_offered, peak_overlap
from domain.stages import Actor
from domain.states import BLOCKING, AppointmentStatus, TimelineKind
from domain.waitlist import WishEnd

_LONGEST_WINDOW = timedelta(days=62)


async def free_slots(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    start: datetime,
    end: datetime,
    client: Client | None = None,
    *,
    type_id: str | None = None,
    moving: Appointment | None = None,
) -> list[Slot]:
    """The slots offered (to this client) within the window, 62 days at most. Raises ValidationFailed, Conflict.

    They are as long as the type; for an appointment that is to be moved as long as it is, and its own time is free.
    """
    now = await office.clock.now(session)
    check_instant("from", start, now)
    check_instant("to", end, now)
    if end <= start:
        raise ValidationFailed.of("to", "must be later than from")
    if end - start > _LONGEST_WINDOW:
        raise ValidationFailed.of("to", f"must be at most {_LONGEST_WINDOW.days} days after from")
    in_force = await load_policy(session, provider.id, client.id if client else None)
    rules = in_force.policy.slot_rules()
    if moving is not None:
        rules = rules.lasting(moving.ends_at - moving.starts_at)
    else:
        kind = (await load_types(session, provider.id)).chosen(type_id)
        rules = kind.under(in_force.policy, in_force.sources).slot_rules()
    margin = timedelta(days=2)
    but_for = moving.id if moving is not None else None
    busy = await busy_intervals(session, provider.id, start - margin, end + margin, but_for=but_for)
    return generate_slots(
        await load_availability(session, provider.id),
        rules,
        busy,
        start,
        end,
        now,
        elsewhere=await elsewhere(session, provider.id, start - margin, end + margin),
    )


async def why_not(
    session: AsyncSession,
    office: Office,
    client: Client,
    starts_at: datetime | None,
    actor: Actor = Actor.CLIENT,
    *,
    type_id: str | None = None,
) -> tuple[list[Block], PolicyInForce]:
    """Every rule that keeps this client from booking (this slot); what the page shows and the API answers.

    Without a type and a time it is what keeps them from booking anything at all: of the types the one that there is
    least against.
    """
    point = await standpoint(session, office, client, actor, type_id=type_id)
    if type_id is None and starts_at is None:
        point = min((point.of(kind) for kind in point.here.types.open), key=lambda one: len(one.blocks))
    blocks = point.blocks
    if starts_at is not None:
        check_instant("starts_at", starts_at, point.now)
        block = await _slot_block(session, point, starts_at)
        blocks += [block] if block else []
    return blocks, point.in_force


async def _slot_block(session: AsyncSession, point: Standpoint, starts_at: datetime) -> Block | None:
    policy = point.policy
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
    type_id: str | None = None,
    override_reason: str | None = None,
    idempotency_key: str | None = None,
    seen_quote: str | None = None,
) -> Appointment:
    """Take the slot for the client: pending, held until the fee is paid or the hold ends.

    How long it takes and what it costs is decided here, by its type; without one it is the provider's default.

    A client whose last time was lost while its fee was on the way takes the new one for that appointment, without
    paying again; one who holds or has this very time keeps it, and is asked nothing twice. `seen_quote` is the
    reference of the quote that they were shown, where they were shown one: another fee or refund rule is shown first,
    and not asked. Raises the refusal of the first rule that stands in the way. The calendar's lock makes the check and
    the claim one.
    """
    scope = f"claim:{client.id}"
    request: dict[str, object] = {"starts_at": starts_at.isoformat(), **({"type": type_id} if type_id else {})}
    earlier = await earlier_result(session, scope, idempotency_key, request)
    if earlier is not None:
        return await appointment_by_id(session, earlier["appointment_id"])
    choosing = await appointment_being_chosen(session, client.id)
    if choosing is not None:
        appointment = await move(session, office, choosing, starts_at, actor=actor, override_reason=override_reason)
    else:
        wish = _Wish(starts_at=starts_at, type_id=type_id, override_reason=override_reason, seen_quote=seen_quote)
        appointment = await _claim_anew(session, office, client, actor, wish)
    await leave_waitlist(session, client.id, await office.clock.now(session), because=WishEnd.BOOKED)
    await keep_result(session, scope, idempotency_key, request, {"appointment_id": appointment.id})
    return appointment


@dataclass(frozen=True, kw_only=True)
class _Wish:
    starts_at: datetime
    type_id: str | None
    override_reason: str | None
    seen_quote: str | None


async def _claim_anew(session: AsyncSession, office: Office, client: Client, actor: Actor, wish: _Wish) -> Appointment:
    starts_at, override = wish.starts_at, wish.override_reason is not None
    point = await standpoint(session, office, client, actor, type_id=wish.type_id, override=override, lock=True)
    if not await still_here(session, client.id, lock=False):
        raise NotFound("There is no such client.")
    check_instant("starts_at", starts_at, point.now)
    if actor is Actor.STAFF and starts_at <= point.now:
        raise ValidationFailed.of("starts_at", "must be in the future")
    if actor is Actor.CLIENT:
        # Chosen in another tab: the same time, the same fee, the same checkout.
        theirs = await _already_theirs(session, client.id, starts_at, wish.type_id)
        if theirs is not None:
            return theirs
    refusals(point.blocks)
    quote = point.quote
    _check_seen(quote, wish.seen_quote)
    block = await _slot_block(session, point, starts_at)
    refusals([block] if block else [])
    appointment = _appointment(point, client, actor, wish)
    session.add(appointment)
    await session.flush()
    payment_id = None
    if point.waiver is not None and point.waived:
        point.waiver.appointment_id = appointment.id
    if quote is not None:
        payment = payment_for(appointment, quote, point.here.merchant_account, point.now)
        session.add(payment)
        await session.flush()
        payment_id = payment.id
    elif point.fee_is_nothing and actor is Actor.CLIENT:
        await _note_waived(session, office, client, appointment, point.now)
    await tell(session, client.id, TimelineKind.SLOT_HELD, at=point.now, actor=actor, ref=appointment.id)
    await _record_claim(session, appointment, payment_id, point.in_force.policy.reminder_hours)
    return appointment


async def _note_waived(
    session: AsyncSession, office: Office, client: Client, appointment: Appointment, now: datetime
) -> None:
    """A fee of nothing never meets the processor; that nobody was asked for one can be looked up."""
    await tell(session, client.id, TimelineKind.FEE_WAIVED, at=now, actor=Actor.SYSTEM, ref=appointment.id)
    settings = Who(practice_id=client.practice_id, name="Portal settings: the fee is zero")
    await note(session, office, settings, AuditKind.FEE_WAIVED, client.id)


async def _already_theirs(
    session: AsyncSession, client_id: str, starts_at: datetime, type_id: str | None
) -> Appointment | None:
    """Raises Conflict where it is theirs as something else than what they choose now."""
    query = select(Appointment).where(
        Appointment.client_id == client_id,
        Appointment.starts_at == starts_at,
        Appointment.status.in_([str(status) for status in BLOCKING]),
        Appointment.cancel_requested_at.is_(None),
    )
    theirs = await session.scalar(query.limit(1))
    if theirs is not None and type_id is not None and theirs.type_id != type_id:
        raise Conflict(
            "This time is yours already, for another kind of appointment. Please choose another time, or cancel that "
            "one first.",
            appointment_id=theirs.id,
        )
    return theirs


def _appointment(point: Standpoint, client: Client, actor: Actor, wish: _Wish) -> Appointment:
    policy, starts_at = point.policy, wish.starts_at
    return Appointment(
        id=new_id("apt"),
        practice_id=client.practice_id,
        provider_id=client.provider_id,
        client_id=client.id,
        type_id=point.kind.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=policy.appointment_minutes),
        status=str(AppointmentStatus.PENDING),
        revision=0,
        booked_by=str(actor),
        override_reason=wish.override_reason,
        settings_version=point.in_force.version,
        cancel_notice_minutes=policy.cancel_notice_minutes,
        covered=point.covered,
        reminder_hours=list(policy.reminder_hours),
        hold_expires_at=point.now + timedelta(minutes=policy.hold_minutes),
        created_at=point.now,
    )


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
