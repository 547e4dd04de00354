"""Holds that have ended: pending all the same (their booking sees to them, or fell through), or followed by another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import EventKind, client_subject, record_event
from db.models import Appointment
from domain.states import BLOCKING, AppointmentStatus

SWEEP = "sweep-holds"  # the source of the events that a sweep records


def ended_holds(before: datetime) -> Select[Appointment]:
    return select(Appointment).where(
        Appointment.status == str(AppointmentStatus.PENDING), Appointment.hold_expires_at < before
    )


async def superseded(session: AsyncSession, appointment: Appointment) -> bool:
    """The client has booked (or is booking) another time since: a fee for this one is the same fee, paid twice.

    Not where this one stands, too: then each has its fee.
    """
    if appointment.status in BLOCKING:
        return False
    query = select(Appointment.id).where(
        Appointment.client_id == appointment.client_id,
        Appointment.created_at > appointment.created_at,
        Appointment.status.in_([*(str(status) for status in BLOCKING), str(AppointmentStatus.FULFILLED)]),
    )
    return await session.scalar(query.limit(1)) is not None


async def reopen_booking(
    session: AsyncSession,
    appointment: Appointment,
    *,
    source: str,
    external_id: str,
    in_place_of: str | None = None,
) -> bool:
    """Have the booking started again unless it runs (as another run than `in_place_of`); False when recorded before."""
    recorded = await record_event(
        session,
        source=source,
        tenant=appointment.provider_id,
        external_id=external_id,
        kind=EventKind.BOOKING_REOPENED,
        subject=client_subject(appointment.client_id),
        payload={"appointment_id": appointment.id, "in_place_of": in_place_of},
    )
    return recorded.new
