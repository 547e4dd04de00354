"""Calling off a booked appointment: the slot is free at once, and what is owed is written down."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.fees import amount_of
from db.ids import new_id
from db.models import Appointment, Client, Payment, Refund
from db.stages import step_back
from db.tenancy import client_by_id, payment_of_appointment
from db.timeline import tell
from db.waitlist import leave_waitlist, time_freed
from domain.fees import RefundCause
from domain.ports import RefundStatus
from domain.refunds import still_due
from domain.stages import Actor
from domain.states import AppointmentStatus, PaymentState, TimelineKind
from domain.waitlist import WishEnd


async def cancel_booked(
    session: AsyncSession,
    appointment: Appointment,
    *,
    actor: Actor,
    reason: str | None,
    refund_percent: int,
    now: datetime,
) -> str | None:
    """Cancel the locked appointment; the id of the refund that is due, if one is."""
    appointment.status = str(AppointmentStatus.CANCELLED)
    appointment.revision += 1
    appointment.cancelled_by = str(actor)
    appointment.cancel_reason = reason
    await tell(
        session, appointment.client_id, TimelineKind.APPOINTMENT_CANCELLED, at=now, actor=actor, ref=appointment.id
    )
    await _step_back_if_last(session, appointment)
    await leave_waitlist(session, appointment.client_id, now, because=WishEnd.NOT_NEEDED, replaces_id=appointment.id)
    await time_freed(session, appointment.provider_id, f"cancelled:{appointment.id}")
    payment = await payment_of_appointment(session, appointment.id, for_update=True)
    if payment is None or payment.state != PaymentState.CAPTURED:
        return None
    return await owe_refund(session, payment, now, due_back(payment, refund_percent), cause=RefundCause.CANCELLED)


def due_back(payment: Payment | None, percent: int) -> int:
    """How much goes back, in minor units: by the rule, less what staff have given back already; of what was taken."""
    if payment is None or payment.state != PaymentState.CAPTURED:
        return 0
    return still_due(amount_of(payment), percent, payment.refund_due_minor, payment.lost_minor).amount_minor


async def owe_refund(
    session: AsyncSession,
    payment: Payment,
    now: datetime,
    amount_minor: int | None = None,
    *,
    cause: RefundCause,
    reason: str | None = None,
    asked_by: str | None = None,
) -> str | None:
    """Write down that so much of the locked payment is to go back (all that is left, by default).

    A disputed payment's waits until the bank has decided. For what happens once (a cancellation, a fee that comes to
    nothing) asking again is the same refund. None when nothing is left.
    """
    if cause is not RefundCause.STAFF:
        by_hand = [str(RefundCause.STAFF), str(RefundCause.PROCESSOR)]
        query = select(Refund.id).where(Refund.payment_id == payment.id, Refund.cause.not_in(by_hand))
        known = await session.scalar(query.limit(1))
        if known is not None:
            return known
    rest = payment.amount_minor - payment.refund_due_minor - payment.lost_minor
    due = rest if amount_minor is None else min(amount_minor, rest)
    if due <= 0:
        return None
    payment.refund_due_minor += due
    refund = Refund(
        id=new_id("rfd"),
        payment_id=payment.id,
        amount_minor=due,
        status=str(RefundStatus.PENDING),
        cause=str(cause),
        reason=reason,
        asked_by=asked_by,
        created_at=now,
    )
    session.add(refund)
    await session.flush()
    return refund.id


async def refund_of_cancelling(session: AsyncSession, appointment_id: str) -> str | None:
    """The refund that was owed when the appointment was called off, while it hasn't been made."""
    query = select(Refund.id).join(Payment, Payment.id == Refund.payment_id)
    owed = (Refund.cause == str(RefundCause.CANCELLED), Refund.status == str(RefundStatus.PENDING))
    return await session.scalar(query.where(Payment.appointment_id == appointment_id, *owed).limit(1))


async def _step_back_if_last(session: AsyncSession, appointment: Appointment) -> Client:
    """A client whose only standing appointment was cancelled stands where they stood before booking."""
    query = select(Appointment.id).where(
        Appointment.client_id == appointment.client_id,
        Appointment.id != appointment.id,
        Appointment.status.in_([str(AppointmentStatus.BOOKED), str(AppointmentStatus.FULFILLED)]),
    )
    client = await client_by_id(session, appointment.client_id, for_update=True)
    if await session.scalar(query.limit(1)) is None:
        step_back(client)
    return client
