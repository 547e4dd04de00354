"""Late fees: money that comes in after its time was let go buys the same time, another one, or goes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from db.calendar import busy_intervals, hold_again, lock_calendar
from db.engine import Database
from db.holds import superseded
from db.models import Appointment, Payment, Refund, TimelineEntry
from db.policy_store import load_policy
from db.tenancy import appointment_by_id, payment_of_appointment
from db.timeline import tell
from domain.cadence import CHOOSE_AGAIN_WITHIN
from domain.fees import RefundCause
from domain.late_fees import LateFee, late_fee
from domain.policy import PortalPolicy
from domain.ports import RefundStatus
from domain.slots import peak_overlap
from domain.stages import Actor
from domain.states import BLOCKING, AppointmentStatus, PaymentState, TimelineKind

_TO_BE_MADE = (str(RefundStatus.PENDING), str(RefundStatus.FAILED))
_BY_ITSELF = (RefundCause.CANCELLED, RefundCause.RETURNED, RefundCause.DUPLICATE)


@dataclass(frozen=True, kw_only=True)
class LoadBooking:
    appointment_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class BookingStanding:
    """How an appointment stands: a booking that is started again repeats nothing of it.

    `payment_id` is the newest payment's, `fee_open` whether the processor may still have something to say of it,
    `refund_id` a refund that is owed and not paid out yet (`refund_ids`: those that staff asked for), `called_off_by`
    who cancelled what was booked, and `told` whether the client knows the time as it is now.
    """

    status: AppointmentStatus
    starts_at: datetime
    ends_at: datetime
    hold_expires_at: datetime
    payment_id: str | None
    fee_open: bool
    refund_id: str | None
    called_off_by: Actor | None
    told: bool
    reminder_hours: tuple[int, ...]
    refund_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TakeUpLateFee:
    appointment_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class LateFeeTaken:
    """What the fee is good for. `choose_until` where another time is to be chosen."""

    turn: LateFee
    choose_until: datetime | None = None


class LateFees:
    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def load_booking(self, command: LoadBooking) -> BookingStanding:
        async with self._database.transaction() as session:
            appointment = await appointment_by_id(session, command.appointment_id)
            payment = await payment_of_appointment(session, appointment.id)
            policy = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy
            return BookingStanding(
                status=AppointmentStatus(appointment.status),
                starts_at=appointment.starts_at,
                ends_at=appointment.ends_at,
                hold_expires_at=appointment.hold_expires_at or command.now,
                payment_id=payment.id if payment else None,
                fee_open=payment is not None and payment.state != PaymentState.REFUNDED,
                refund_id=await _owed(session, payment) if payment else None,
                called_off_by=_called_off_by(appointment),
                told=await _told(session, appointment),
                reminder_hours=policy.reminder_hours
                if appointment.reminder_hours is None
                else tuple(appointment.reminder_hours),
                refund_ids=await _owed_by_staff(session, appointment.id),
            )

    @activity.defn
    async def take_up_late_fee(self, command: TakeUpLateFee) -> LateFeeTaken:
        """Hold the time again if it is free; else let the client choose another one, where one is owed at all."""
        async with self._database.transaction() as session:
            appointment = await appointment_by_id(session, command.appointment_id)
            policy = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy
            await lock_calendar(session, appointment.provider_id)
            appointment = await appointment_by_id(session, appointment.id, for_update=True)
            if appointment.status in BLOCKING:
                return LateFeeTaken(turn=LateFee.KEEP_TIME)
            if appointment.choose_until is not None:
                return LateFeeTaken(turn=LateFee.CHOOSE_AGAIN, choose_until=appointment.choose_until)
            turn = late_fee(
                let_go_by=Actor(appointment.cancelled_by or Actor.SYSTEM),
                superseded=await superseded(session, appointment),
                starts_at=appointment.starts_at,
                free=await _is_free(session, appointment, policy),
                now=command.now,
            )
            if turn is LateFee.KEEP_TIME:
                hold_again(appointment, command.now + timedelta(minutes=policy.hold_minutes))
                await _tell(session, appointment, TimelineKind.SLOT_HELD, command.now)
            if turn is LateFee.CHOOSE_AGAIN:
                appointment.choose_until = command.now + CHOOSE_AGAIN_WITHIN
                await _tell(session, appointment, TimelineKind.TIME_LOST, command.now)
            return LateFeeTaken(turn=turn, choose_until=appointment.choose_until)

    @activity.defn
    async def stop_choosing(self, command: TakeUpLateFee) -> bool:
        """The time to choose is over: True, unless the client chose in the last moment."""
        async with self._database.transaction() as session:
            appointment = await appointment_by_id(session, command.appointment_id, for_update=True)
            appointment.choose_until = None
            return appointment.status not in BLOCKING


def _called_off_by(appointment: Appointment) -> Actor | None:
    """None for one that never was booked: letting a held time go is no revision of an appointment."""
    if appointment.status != AppointmentStatus.CANCELLED or appointment.cancelled_by in (None, Actor.SYSTEM):
        return None
    return Actor(appointment.cancelled_by) if appointment.revision > 0 else None


async def _owed(session: AsyncSession, payment: Payment) -> str | None:
    query = select(Refund.id).where(
        Refund.payment_id == payment.id,
        Refund.status.in_(_TO_BE_MADE),
        Refund.cause.in_([str(cause) for cause in _BY_ITSELF]),
    )
    return await session.scalar(query.limit(1))


async def _owed_by_staff(session: AsyncSession, appointment_id: str) -> tuple[str, ...]:
    query = select(Refund.id).join(Payment, Payment.id == Refund.payment_id)
    query = query.where(
        Payment.appointment_id == appointment_id,
        Refund.status.in_(_TO_BE_MADE),
        Refund.cause == str(RefundCause.STAFF),
    )
    return tuple(await session.scalars(query.order_by(Refund.created_at, Refund.id)))


async def _told(session: AsyncSession, appointment: Appointment) -> bool:
    kinds = [str(TimelineKind.CONFIRMATION_SENT), str(TimelineKind.MOVE_SENT)]
    query = select(TimelineEntry.id).where(
        TimelineEntry.client_id == appointment.client_id,
        TimelineEntry.kind.in_(kinds),
        TimelineEntry.ref == f"{appointment.id}:{appointment.revision}",
    )
    return await session.scalar(query.limit(1)) is not None


async def _is_free(session: AsyncSession, appointment: Appointment, policy: PortalPolicy) -> bool:
    margin = timedelta(minutes=policy.buffer_minutes)
    start, end = appointment.starts_at, appointment.ends_at
    busy = await busy_intervals(session, appointment.provider_id, start - margin, end + margin)
    return peak_overlap(busy, start, end, margin) < policy.max_simultaneous_appointments


async def _tell(session: AsyncSession, appointment: Appointment, kind: TimelineKind, now: datetime) -> None:
    await tell(session, appointment.client_id, kind, at=now, actor=Actor.SYSTEM, ref=f"{appointment.id}:late")
