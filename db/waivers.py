"""Fees that staff have waived: one at a time for a client, used by the next appointment that would have had a fee."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Appointment, FeeWaiver
from domain.states import AppointmentStatus


async def open_waiver(session: AsyncSession, client_id: str) -> FeeWaiver | None:
    """The one that counts for the next booking: not taken back, and used by no appointment that stands or was kept."""
    query = (
        select(FeeWaiver)
        .outerjoin(Appointment, Appointment.id == FeeWaiver.appointment_id)
        .where(
            FeeWaiver.client_id == client_id,
            FeeWaiver.taken_back_at.is_(None),
            or_(Appointment.id.is_(None), Appointment.status == str(AppointmentStatus.CANCELLED)),
        )
        .order_by(FeeWaiver.waived_at.desc(), FeeWaiver.id)
    )
    return await session.scalar(query.limit(1))


async def waived_while_due(session: AsyncSession, appointment_id: str) -> bool:
    """Whether the fee of this appointment, which is held, was asked for and isn't any more."""
    query = select(FeeWaiver.id).join(Appointment, Appointment.id == FeeWaiver.appointment_id)
    query = query.where(
        FeeWaiver.appointment_id == appointment_id,
        FeeWaiver.taken_back_at.is_(None),
        Appointment.status == str(AppointmentStatus.PENDING),
    )
    return (await session.scalar(query.limit(1))) is not None


async def waivers_of(session: AsyncSession, client_id: str) -> list[FeeWaiver]:
    """Newest first, all of them."""
    query = select(FeeWaiver).where(FeeWaiver.client_id == client_id)
    return list(await session.scalars(query.order_by(FeeWaiver.waived_at.desc(), FeeWaiver.id)))
