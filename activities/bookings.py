"""Booking: the appointment stands, falls away, or has taken place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from temporalio import activity

from db.cancelling import cancel_booked, refund_of_cancelling
from db.engine import Database
from db.stages import book
from db.tenancy import appointment_by_id, client_by_id
from db.timeline import tell
from db.waitlist import time_freed
from domain.refunds import ALL_OF_IT
from domain.stages import Actor
from domain.states import AppointmentStatus, TimelineKind


@dataclass(frozen=True, kw_only=True)
class BookAppointment:
    appointment_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class ReleaseHold:
    """`reason` is a closed word: it is kept with the appointment and shown."""

    appointment_id: str
    reason: ReleaseReason
    now: datetime


class ReleaseReason(StrEnum):
    NOT_PAID = "not_paid"
    CANCELLED = "cancelled"
    PAYMENT_REFUSED = "payment_refused"
    PAYMENT_MISMATCH = "payment_mismatch"
    CAPTURE_FAILED = "capture_failed"


@dataclass(frozen=True, kw_only=True)
class WithdrawAppointment:
    appointment_id: str
    cancelled_by: Actor
    now: datetime


@dataclass(frozen=True, kw_only=True)
class FulfilAppointment:
    appointment_id: str
    now: datetime


class Bookings:
    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def book_appointment(self, command: BookAppointment) -> bool:
        """Pending becomes booked; False when it isn't pending any more (and isn't booked already)."""
        async with self._database.transaction() as session:
            appointment = await appointment_by_id(session, command.appointment_id, for_update=True)
            if appointment.status == AppointmentStatus.PENDING:
                appointment.status = str(AppointmentStatus.BOOKED)
                appointment.hold_expires_at = None
                book(await client_by_id(session, appointment.client_id, for_update=True))
                await tell(
                    session,
                    appointment.client_id,
                    TimelineKind.APPOINTMENT_BOOKED,
                    at=command.now,
                    actor=Actor(appointment.booked_by),
                    ref=appointment.id,
                )
            return appointment.status == AppointmentStatus.BOOKED

    @activity.defn
    async def release_hold(self, command: ReleaseHold) -> None:
        """The slot is free again."""
        async with self._database.transaction() as session:
            appointment = await appointment_by_id(session, command.appointment_id, for_update=True)
            if appointment.status != AppointmentStatus.PENDING:
                return
            appointment.status = str(AppointmentStatus.CANCELLED)
            appointment.hold_expires_at = None
            appointment.cancelled_by = appointment.cancelled_by or str(Actor.SYSTEM)
            appointment.cancel_reason = appointment.cancel_reason or str(command.reason)
            await tell(
                session,
                appointment.client_id,
                TimelineKind.HOLD_RELEASED,
                at=command.now,
                actor=Actor(appointment.cancelled_by),
                ref=appointment.id,
            )
            await time_freed(session, appointment.provider_id, f"released:{appointment.id}:{command.now:%Y%m%d%H%M%S}")

    @activity.defn
    async def fulfil_appointment(self, command: FulfilAppointment) -> AppointmentStatus:
        """The visit is over: booked becomes fulfilled, unless something else was recorded."""
        async with self._database.transaction() as session:
            appointment = await appointment_by_id(session, command.appointment_id, for_update=True)
            # Moved in the last moment: the visit is still ahead.
            if appointment.status == AppointmentStatus.BOOKED and appointment.ends_at <= command.now:
                appointment.status = str(AppointmentStatus.FULFILLED)
                await tell(
                    session,
                    appointment.client_id,
                    TimelineKind.APPOINTMENT_FULFILLED,
                    at=command.now,
                    actor=Actor.SYSTEM,
                    ref=appointment.id,
                )
            return AppointmentStatus(appointment.status)

    @activity.defn
    async def withdraw_appointment(self, command: WithdrawAppointment) -> str | None:
        """Cancel what was booked in the moment in which its cancellation was asked; the refund that is due, if any."""
        async with self._database.transaction() as session:
            appointment = await appointment_by_id(session, command.appointment_id, for_update=True)
            if appointment.status != AppointmentStatus.BOOKED:
                # Done before, and the answer was lost: what is owed since then must still go back.
                return await refund_of_cancelling(session, appointment.id)
            return await cancel_booked(
                session,
                appointment,
                actor=command.cancelled_by,
                reason=appointment.cancel_reason,
                refund_percent=ALL_OF_IT,
                now=command.now,
            )
