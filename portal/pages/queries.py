"""What the pages read: appointments with their payments, providers of a practice, names of clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Appointment, AttentionItem, Client, Payment, Practice, Provider, WaitlistOffer
from db.settings_store import load_availability
from domain.roles import Reach
from domain.states import BLOCKING, AppointmentStatus
from domain.waitlist import OfferState
from workflows.naming import booking_id, client_journey_id


@dataclass(frozen=True, kw_only=True)
class AppointmentRow:
    """An appointment and its newest payment, if a fee was asked."""

    appointment: Appointment
    payment: Payment | None


async def appointments_of(session: AsyncSession, client_id: str) -> list[AppointmentRow]:
    """By start, all of them."""
    query = select(Appointment).where(Appointment.client_id == client_id)
    return await with_payments(session, list(await session.scalars(query.order_by(Appointment.starts_at))))


async def with_payments(session: AsyncSession, appointments: Sequence[Appointment]) -> list[AppointmentRow]:
    query = select(Payment).where(Payment.appointment_id.in_([one.id for one in appointments]))
    newest = {payment.appointment_id: payment for payment in await session.scalars(query.order_by(Payment.attempt))}
    return [AppointmentRow(appointment=one, payment=newest.get(one.id)) for one in appointments]


def split_by_time(rows: Sequence[AppointmentRow], now: datetime) -> tuple[list[AppointmentRow], list[AppointmentRow]]:
    """Upcoming ones (the next first), and the rest (the latest first)."""
    upcoming = [row for row in rows if row.appointment.status in BLOCKING and row.appointment.ends_at > now]
    rest = [row for row in rows if row not in upcoming]
    return upcoming, rest[::-1]


async def payments_of_client(session: AsyncSession, client_id: str) -> list[tuple[Payment, Appointment]]:
    """Newest first."""
    query = select(Payment, Appointment).join(Appointment, Appointment.id == Payment.appointment_id)
    query = query.where(Payment.client_id == client_id).order_by(Payment.created_at.desc())
    return [(payment, appointment) for payment, appointment in (await session.execute(query)).all()]


async def providers_of(session: AsyncSession, reach: Reach, *, there: bool = False) -> list[Provider]:
    """Those whom somebody may act for; `there` leaves out who has left: nobody new can come to them."""
    query = select(Provider).where(Provider.practice_id == reach.practice_id).order_by(Provider.name, Provider.id)
    if there:
        query = query.where(Provider.left_at.is_(None))
    return [one for one in await session.scalars(query) if reach.covers(one.practice_id, one.id)]


async def places_of(session: AsyncSession, clients: Sequence[Client]) -> dict[str, str]:
    """By client of one account: with whom they are; with the practice, where there are several."""
    query = select(Provider, Practice).join(Practice, Practice.id == Provider.practice_id)
    rows = await session.execute(query.where(Provider.id.in_([one.provider_id for one in clients])))
    known = {provider.id: (provider.name, practice.name) for provider, practice in rows.tuples()}
    several = len({one.practice_id for one in clients}) > 1
    return {one.id: ", ".join(known[one.provider_id][: 2 if several else 1]) for one in clients}


async def timezone_of_practice(session: AsyncSession, reach: Reach) -> str:
    """The zone in which the console tells times that belong to no provider: the first provider's."""
    providers = await providers_of(session, reach)
    return (await load_availability(session, providers[0].id)).timezone if providers else "UTC"


async def agenda(
    session: AsyncSession, reach: Reach, start: datetime, limit: int
) -> list[tuple[Appointment, Client, Provider]]:
    """Held and booked appointments from `start` on, of those whom somebody may reach."""
    query = (
        select(Appointment, Client, Provider)
        .join(Client, Client.id == Appointment.client_id)
        .join(Provider, Provider.id == Appointment.provider_id)
        .where(
            Appointment.practice_id == reach.practice_id,
            *([Appointment.provider_id == reach.provider_id] if reach.provider_id else []),
            Appointment.ends_at > start,
            Appointment.status.in_([str(status) for status in BLOCKING]),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(limit)
    )
    return [(appointment, client, provider) for appointment, client, provider in (await session.execute(query)).all()]


async def calendar_of(
    session: AsyncSession, provider_id: str, start: datetime, end: datetime
) -> list[tuple[Appointment, Client]]:
    """All but the cancelled ones that touch the time, by start: held, booked, kept and missed."""
    query = (
        select(Appointment, Client)
        .join(Client, Client.id == Appointment.client_id)
        .where(
            Appointment.provider_id == provider_id,
            Appointment.status != str(AppointmentStatus.CANCELLED),
            Appointment.starts_at < end,
            Appointment.ends_at > start,
            Client.erased_at.is_(None),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return [(appointment, client) for appointment, client in (await session.execute(query)).all()]


async def kept_for_waitlist(
    session: AsyncSession, provider_id: str, start: datetime, end: datetime
) -> list[tuple[WaitlistOffer, Client]]:
    """Offers that hold a time which touches this one, by start."""
    query = (
        select(WaitlistOffer, Client)
        .join(Client, Client.id == WaitlistOffer.client_id)
        .where(
            WaitlistOffer.provider_id == provider_id,
            WaitlistOffer.state == str(OfferState.OPEN),
            WaitlistOffer.starts_at < end,
            WaitlistOffer.ends_at > start,
        )
        .order_by(WaitlistOffer.starts_at, WaitlistOffer.id)
    )
    return [(offer, client) for offer, client in (await session.execute(query)).all()]


async def needing_attention(session: AsyncSession, appointments: Sequence[Appointment]) -> set[str]:
    """Ids of those of whose booking, or whose client's way, a step waits for a person."""
    journeys = {one.id: {booking_id(one.id), client_journey_id(one.client_id)} for one in appointments}
    query = select(AttentionItem.workflow_id).where(
        AttentionItem.workflow_id.in_(set().union(*journeys.values())), AttentionItem.settled_at.is_(None)
    )
    stuck = set(await session.scalars(query))
    return {appointment_id for appointment_id, theirs in journeys.items() if theirs & stuck}
