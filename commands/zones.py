"""The zone that a client lives by: the one in which they last chose a time."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Client


async def remember_zone(session: AsyncSession, client_id: str, zone: str) -> None:
    """Quietly: nobody is told, and nothing waits for it."""
    await session.execute(
        update(Client).where(Client.id == client_id, Client.timezone.is_distinct_from(zone)).values(timezone=zone)
    )
