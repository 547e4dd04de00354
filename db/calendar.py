"""The provider's calendar: the lock that every claim takes, and what time is taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Appointment, Payment, ProviderCalendar, WaitlistOffer
from domain.slots import Interval
from domain.states import BLOCKING, AppointmentStatus, PaymentState
from domain.waitlist import OfferState

_BLOCKING = [str(status) for status in BLOCKING]


async def lock_calendar(session: AsyncSession, provider_id: str) -> None:
    """Wait for, and hold until commit, the provider's calendar."""
    query = select(ProviderCalendar.provider_id).where(ProviderCalendar.provider_id == provider_id)
    (await session.scalars(query.with_for_update())).one()


async def busy_intervals(
    session: AsyncSession, provider_id: str, start: datetime, end: datetime, *, but_for: str | None = None
) -> list[Interval]:
    """Held, pending, booked and offered time that touches the window.

    One appointment's (which is being moved) is left out.
    """
    query = select(Appointment.starts_at, Appointment.ends_at).where(
        Appointment.provider_id == provider_id,
        Appointment.status.in_(_BLOCKING),
        Appointment.starts_at < end,
        Appointment.ends_at > start,
    )
    if but_for is not None:
        query = query.where(Appointment.id != but_for)
    offered = select(WaitlistOffer.starts_at, WaitlistOffer.ends_at).where(
        WaitlistOffer.provider_id == provider_id,
        WaitlistOffer.state == str(OfferState.OPEN),
        WaitlistOffer.starts_at < end,
        WaitlistOffer.ends_at > start,
    )
    rows = await session.execute(query.union_all(offered))
    return [Interval(start=row.starts_at, end=row.ends_at) for row in rows]


async def appointments_ahead(session: AsyncSession, provider_id: str, now: datetime) -> list[Appointment]:
    """Held and booked ones that aren't over, by their start."""
    query = select(Appointment).where(
        Appointment.provider_id == provider_id, Appointment.status.in_(_BLOCKING), Appointment.ends_at > now
    )
    return list(await session.scalars(query.order_by(Appointment.starts_at, Appointment.id)))


async def upcoming_count(session: AsyncSession, client_id: str, now: datetime) -> int:
    """How many appointments of the client are still ahead, those being paid for included."""
    query = select(func.count()).where(
        Appointment.client_id == client_id, Appointment.status.in_(_BLOCKING), Appointment.ends_at > now
    )
    return (await session.scalar(query)) or 0


async def held_unpaid(session: AsyncSession, client_id: str, now: datetime) -> str | None:
    """The client's appointment that is held while its fee is due: neither paid nor given up, and not over."""
    query = (
        select(Appointment.id)
        .join(Payment, Payment.appointment_id == Appointment.id)
        .where(
            Appointment.client_id == client_id,
            Appointment.status == str(AppointmentStatus.PENDING),
            Appointment.cancel_requested_at.is_(None),
            Appointment.hold_expires_at > now,
            Payment.state == str(PaymentState.REQUESTED),
        )
        .order_by(Appointment.created_at.desc())
    )
    return await session.scalar(query.limit(1))


def hold_again(appointment: Appointment, until: datetime) -> None:
    """The locked appointment, let go before, takes time in the calendar again."""
    appointment.status = str(AppointmentStatus.PENDING)
    appointment.hold_expires_at = until
    appointment.choose_until = None
    appointment.cancelled_by = None
    appointment.cancel_reason = None
