"""Moving a booked appointment: one transaction in the calendar; type, length and fee stay, the limit isn't asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commands.instants import check_instant
from commands.office import Office
from db.busy_times import elsewhere
from db.calendar import busy_intervals, hold_again, lock_calendar
from db.events import EventKind, client_subject, record_event
from db.fees import quote_of
from db.models import Appointment
from db.policy_store import load_policy
from db.settings_store import load_availability
from db.tenancy import appointment_by_id, payment_of_appointment
from db.timeline import tell
from db.waitlist import leave_waitlist, time_freed
from domain.decisions import CancelDecision, move_decision, refusals, slot_block
from domain.errors import ValidationFailed
from domain.refunds import RefundTerms
from domain.slots import is_offered, peak_overlap
from domain.stages import Actor
from domain.states import AppointmentStatus, TimelineKind
from domain.waitlist import WishEnd


async def may_move(
    session: AsyncSession, office: Office, appointment: Appointment, actor: Actor, *, now: datetime | None = None
) -> CancelDecision:
    """The one answer that page and API share: allowed? until when? what still goes back of the fee afterwards?"""
    payment = await payment_of_appointment(session, appointment.id)
    policy = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy
    return move_decision(
        status=AppointmentStatus(appointment.status),
        starts_at=appointment.starts_at,
        notice_minutes=min(appointment.cancel_notice_minutes, policy.cancel_notice_minutes),
        policy=policy,
        actor=actor,
        now=now or await office.clock.now(session),
        choose_until=appointment.choose_until,
        refund=quote_of(payment).refund if payment is not None else RefundTerms(),
    )


async def move(
    session: AsyncSession,
    office: Office,
    appointment: Appointment,
    starts_at: datetime,
    *,
    actor: Actor,
    override_reason: str | None = None,
) -> Appointment:
    """Give the appointment a new start; the old time is free in the same moment. Moving to where it is changes nothing.

    One whose time was lost while its fee was on the way is held at its new time: its booking takes the fee, and books.

    Raises Conflict (not booked), SelfScheduleOff, CancelNotAllowed, CancelWindowClosed, SlotTaken, SlotUnavailable and
    ValidationFailed. The calendar's lock makes the check and the move one.
    """
    now = await office.clock.now(session)
    check_instant("starts_at", starts_at, now)
    await lock_calendar(session, appointment.provider_id)
    appointment = await appointment_by_id(session, appointment.id, for_update=True)
    if appointment.starts_at == starts_at and appointment.choose_until is None:
        return appointment
    decision = await may_move(session, office, appointment, actor)
    if decision.refusal is not None:
        raise decision.refusal
    if actor is Actor.CLIENT and appointment.choose_until is None:
        await _keep_what_had_lapsed(session, appointment, decision)
    if starts_at <= now:
        raise ValidationFailed.of("starts_at", "must be in the future")
    ends_at = starts_at + (appointment.ends_at - appointment.starts_at)
    await _check_slot(session, appointment, starts_at, ends_at, now, actor, override=override_reason is not None)
    if appointment.choose_until is not None:
        hold_minutes = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy.hold_minutes
        hold_again(appointment, now + timedelta(minutes=hold_minutes))
    appointment.starts_at = starts_at
    appointment.ends_at = ends_at
    appointment.revision += 1
    appointment.attendance_confirmed_at = None  # it was for the other time
    appointment.override_reason = override_reason or appointment.override_reason
    ref = f"{appointment.id}:{appointment.revision}"
    await tell(session, appointment.client_id, TimelineKind.APPOINTMENT_MOVED, at=now, actor=actor, ref=ref)
    await record_event(
        session,
        source="booking",
        tenant=appointment.provider_id,
        external_id=f"move:{ref}",
        kind=EventKind.APPOINTMENT_MOVED,
        subject=client_subject(appointment.client_id),
        payload={
            "appointment_id": appointment.id,
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "revision": appointment.revision,
        },
    )
    await leave_waitlist(session, appointment.client_id, now, because=WishEnd.NOT_NEEDED, replaces_id=appointment.id)
    await time_freed(session, appointment.provider_id, f"moved:{ref}")
    return appointment


async def _keep_what_had_lapsed(session: AsyncSession, appointment: Appointment, decision: CancelDecision) -> None:
    """A client who moves when less than all would go back doesn't get the rest of it back by that."""
    payment = await payment_of_appointment(session, appointment.id, for_update=True)
    if payment is not None:
        payment.refund_at_most_percent = decision.refund_percent


async def _check_slot(
    session: AsyncSession,
    appointment: Appointment,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    actor: Actor,
    *,
    override: bool,
) -> None:
    """The new time by the rules of a booking, as if the appointment weren't in the calendar."""
    policy = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy
    availability = await load_availability(session, appointment.provider_id)
    margin = timedelta(minutes=policy.buffer_minutes)
    busy = await busy_intervals(
        session, appointment.provider_id, starts_at - margin, ends_at + margin, but_for=appointment.id
    )
    rules = policy.slot_rules().lasting(ends_at - starts_at)
    away = await elsewhere(session, appointment.provider_id, starts_at, ends_at + margin)
    block = slot_block(
        offered=is_offered(availability, rules, starts_at, now, away),
        taken=peak_overlap(busy, starts_at, ends_at, margin) >= policy.max_simultaneous_appointments,
        actor=actor,
        override=override,
    )
    refusals([block] if block else [])
