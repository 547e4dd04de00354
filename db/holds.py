"""Holds that have ended and are pending all the same: their booking sees to them, or has fallen through."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import EventKind, client_subject, record_event
from db.models import Appointment
from domain.states import AppointmentStatus

SWEEP = "sweep-holds"  # the source of the events that a sweep records


def ended_holds(before: datetime) -> Select[Appointment]:
    return select(Appointment).where(
        Appointment.status == str(AppointmentStatus.PENDING), Appointment.hold_expires_at < before
    )


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
