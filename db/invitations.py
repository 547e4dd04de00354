"""Invitations of a client: those that still work, and the newest that was sent."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Invitation


def open_invitations(client_id: str) -> Select[Invitation]:
    return select(Invitation).where(
        Invitation.client_id == client_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )


async def newest_issued(session: AsyncSession, client_id: str) -> Invitation | None:
    """Sent already, or on its way."""
    query = select(Invitation).where(Invitation.client_id == client_id)
    return await session.scalar(query.order_by(Invitation.issued_at.desc()).limit(1))


async def newest_sent(session: AsyncSession, client_id: str) -> Invitation | None:
    query = select(Invitation).where(Invitation.client_id == client_id, Invitation.sent_at.is_not(None))
    return await session.scalar(query.order_by(Invitation.issued_at.desc()).limit(1))
