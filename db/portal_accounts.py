"""Portal accounts: one per e-mail address, found and made under the address's lock."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.locks import lock_name
from db.models import Client, EmailChange, PortalAccount


async def account_by_email(session: AsyncSession, email: str) -> PortalAccount | None:
    return await session.scalar(select(PortalAccount).where(PortalAccount.email == email))


async def lock_address(session: AsyncSession, email: str) -> None:
    """Hold, until commit, the right to give this address an account."""
    await lock_name(session, f"account-address:{email}")


async def clients_of(session: AsyncSession, account_id: str) -> list[Client]:
    """Everybody behind this account, the longest known first."""
    query = select(Client).where(Client.account_id == account_id).order_by(Client.created_at, Client.id)
    return list(await session.scalars(query))


async def asked_changes(session: AsyncSession, account_id: str) -> list[EmailChange]:
    """Changes of address that are neither confirmed nor ended, the newest first; they may have run out."""
    query = select(EmailChange).where(EmailChange.account_id == account_id, EmailChange.ended_at.is_(None))
    return list(await session.scalars(query.order_by(EmailChange.created_at.desc())))
