"""Portal accounts: one per e-mail address, found and made under the address's lock."""

from __future__ import annotations

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.locks import lock_name
from db.models import Appointment, Client, EmailChange, PortalAccount


async def account_by_email(session: AsyncSession, email: str) -> PortalAccount | None:
    return await session.scalar(select(PortalAccount).where(PortalAccount.email == email))


async def lock_address(session: AsyncSession, email: str) -> None:
    """Hold, until commit, the right to give this address an account."""
    await lock_name(session, f"account-address:{email}")


async def clients_of(session: AsyncSession, account_id: str) -> list[Client]:
    """Everybody behind this account, the longest known first; a duplicate only where it has a history to show."""
    kept = aliased(Client)
    closed = exists().where(kept.id == Client.duplicate_of_id, kept.account_id == account_id)
    history = exists().where(Appointment.client_id == Client.id)
    query = select(Client).where(Client.account_id == account_id, or_(~closed, history))
    return list(await session.scalars(query.order_by(Client.created_at, Client.id)))


async def asked_changes(session: AsyncSession, account_id: str) -> list[EmailChange]:
    """Changes of address that are neither confirmed nor ended, the newest first; they may have run out."""
    query = select(EmailChange).where(EmailChange.account_id == account_id, EmailChange.ended_at.is_(None))
    return list(await session.scalars(query.order_by(EmailChange.created_at.desc())))
