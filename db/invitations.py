"""Invitations of a client: those that still work, the newest, and the one that counts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Invitation
from domain.invitations import InvitationState, InvitationTimes, RevokedBecause, invitation_state


def open_invitations(client_id: str) -> Select[Invitation]:
    return select(Invitation).where(
        Invitation.client_id == client_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )


async def end_open(session: AsyncSession, client_id: str, because: RevokedBecause, now: datetime) -> None:
    """The locked client's links stop working."""
    for invitation in await session.scalars(open_invitations(client_id)):
        invitation.revoked_at = now
        invitation.revoked_because = str(because)


async def newest_issued(session: AsyncSession, client_id: str) -> Invitation | None:
    """Sent already, or on its way."""
    query = select(Invitation).where(Invitation.client_id == client_id)
    return await session.scalar(query.order_by(Invitation.issued_at.desc()).limit(1))


async def newest_sent(session: AsyncSession, client_id: str) -> Invitation | None:
    query = select(Invitation).where(Invitation.client_id == client_id, Invitation.sent_at.is_not(None))
    return await session.scalar(query.order_by(Invitation.issued_at.desc()).limit(1))


async def newest_of_each(session: AsyncSession, client_ids: Collection[str]) -> dict[str, Invitation]:
    """By client."""
    query = select(Invitation).where(Invitation.client_id.in_(client_ids)).ext(distinct_on(Invitation.client_id))
    found = await session.scalars(query.order_by(Invitation.client_id, Invitation.issued_at.desc()))
    return {one.client_id: one for one in found}


async def ever_sent(session: AsyncSession, client_ids: Collection[str]) -> set[str]:
    """Those of the clients who have been sent a link."""
    query = select(Invitation.client_id).where(Invitation.client_id.in_(client_ids), Invitation.sent_at.is_not(None))
    return set(await session.scalars(query))


async def that_counts(session: AsyncSession, client_id: str) -> Invitation | None:
    """The newest that went out; or the newest of all, where the practice has taken it back."""
    newest = await newest_issued(session, client_id)
    if newest is None or newest.sent_at is not None or newest.revoked_because == RevokedBecause.PRACTICE:
        return newest
    return await newest_sent(session, client_id)


def state_of(invitation: Invitation, now: datetime) -> InvitationState:
    because = invitation.revoked_because
    times = InvitationTimes(
        issued_at=invitation.issued_at,
        expires_at=invitation.expires_at,
        sent_at=invitation.sent_at,
        accepted_at=invitation.accepted_at,
        revoked_at=invitation.revoked_at,
        revoked_because=RevokedBecause(because) if because else None,
    )
    return invitation_state(times, now)
