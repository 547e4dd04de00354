"""Finding records: an id resolves only through the practice that owns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Appointment, Client, Payment, Practice, Provider
from domain.errors import NotFound
from domain.roles import Reach

Found = TypeVar("Found")

_THERE = Client.erased_at.is_(None)
_HERE = text("SELECT 1 FROM client WHERE id = :id AND erased_at IS NULL")
_HELD_HERE = text("SELECT 1 FROM client WHERE id = :id AND erased_at IS NULL FOR SHARE")


def _locked(query: Select[Found]) -> Select[Found]:
    """Lock the row and read it anew: what the session saw of it before may be out of date.

    Not its key, which never changes: what refers to it can be written meanwhile, and afterwards still be locked.
    """
    return query.with_for_update(key_share=True).execution_options(populate_existing=True)


async def provider_by_slug(session: AsyncSession, slug: str, reach: Reach | None = None) -> Provider:
    """The provider of a public page, or (with `reach`) one that somebody may act for. Raises NotFound."""
    provider = await session.scalar(select(Provider).where(Provider.slug == slug))
    if provider is None or (reach is not None and not reach.covers(provider.practice_id, provider.id)):
        raise NotFound("There is no provider of that name.")
    return provider


async def provider_within(session: AsyncSession, reach: Reach, provider_id: str) -> Provider:
    """One that somebody may act for, by id. Raises NotFound."""
    provider = await session.get(Provider, provider_id)
    if provider is None or not reach.covers(provider.practice_id, provider.id):
        raise NotFound("There is no such provider.")
    return provider


async def practice_of(session: AsyncSession, practice_id: str) -> Practice:
    practice = await session.get(Practice, practice_id)
    if practice is None:
        raise NotFound("There is no such practice.")
    return practice


async def provider_of(session: AsyncSession, provider_id: str) -> Provider:
    provider = await session.get(Provider, provider_id)
    if provider is None:
        raise NotFound("There is no such provider.")
    return provider


async def client_of_practice(
    session: AsyncSession, reach: Reach, client_id: str, *, for_update: bool = False
) -> Client:
    """A client whom somebody at the practice may reach. Raises NotFound."""
    query = select(Client).where(Client.id == client_id, Client.practice_id == reach.practice_id, _THERE)
    if reach.provider_id is not None:
        query = query.where(Client.provider_id == reach.provider_id)
    client = await session.scalar(_locked(query) if for_update else query)
    if client is None:
        raise NotFound("There is no such client.")
    return client


async def client_by_id(session: AsyncSession, client_id: str, *, for_update: bool = False) -> Client:
    """For journeys, whose ids were resolved when the journey began. Raises NotFound for one who was erased, too."""
    query = select(Client).where(Client.id == client_id, _THERE)
    client = await session.scalar(_locked(query) if for_update else query)
    if client is None:
        raise NotFound("There is no such client.")
    return client


async def still_here(session: AsyncSession, client_id: str, *, lock: bool = True) -> bool:
    """Whether the client hasn't been erased; with `lock` they can't be until the transaction ends."""
    return (await session.scalar(_HELD_HERE if lock else _HERE, {"id": client_id})) is not None


async def client_by_external_id(session: AsyncSession, provider_id: str, external_id: str) -> Client | None:
    query = select(Client).where(Client.provider_id == provider_id, Client.external_id == external_id)
    return await session.scalar(query)


async def appointment_by_id(session: AsyncSession, appointment_id: str, *, for_update: bool = False) -> Appointment:
    query = select(Appointment).where(Appointment.id == appointment_id)
    appointment = await session.scalar(_locked(query) if for_update else query)
    if appointment is None:
        raise NotFound("There is no such appointment.")
    return appointment


async def appointment_of_practice(
    session: AsyncSession, reach: Reach, appointment_id: str, *, for_update: bool = False
) -> Appointment:
    appointment = await appointment_by_id(session, appointment_id, for_update=for_update)
    if not reach.covers(appointment.practice_id, appointment.provider_id):
        raise NotFound("There is no such appointment.")
    return appointment


async def appointment_of_client(
    session: AsyncSession, client_id: str, appointment_id: str, *, for_update: bool = False
) -> Appointment:
    appointment = await appointment_by_id(session, appointment_id, for_update=for_update)
    if appointment.client_id != client_id:
        raise NotFound("There is no such appointment.")
    return appointment


async def appointments_of_client(
    session: AsyncSession, client_id: str, *, for_update: bool = False
) -> Sequence[Appointment]:
    """All that they ever had, by id: the order in which everybody locks several."""
    query = select(Appointment).where(Appointment.client_id == client_id).order_by(Appointment.id)
    return (await session.scalars(_locked(query) if for_update else query)).all()


async def payment_of_appointment(
    session: AsyncSession, appointment_id: str, *, for_update: bool = False
) -> Payment | None:
    """The newest payment asked for this appointment."""
    query = select(Payment).where(Payment.appointment_id == appointment_id).order_by(Payment.attempt.desc()).limit(1)
    return await session.scalar(_locked(query) if for_update else query)


async def payment_of_practice(
    session: AsyncSession, reach: Reach, payment_id: str, *, for_update: bool = False
) -> Payment:
    """A payment whose client somebody at the practice may reach. Raises NotFound."""
    query = select(Payment).where(Payment.id == payment_id)
    payment = await session.scalar(_locked(query) if for_update else query)
    if payment is None or not reach.covers(payment.practice_id, payment.provider_id):
        raise NotFound("There is no such payment.")
    return payment


async def appointment_being_chosen(session: AsyncSession, client_id: str) -> Appointment | None:
    """The client's appointment whose time was lost while its fee was on the way, and that is owed another one."""
    query = select(Appointment).where(Appointment.client_id == client_id, Appointment.choose_until.is_not(None))
    return await session.scalar(query.order_by(Appointment.choose_until.desc()).limit(1))
