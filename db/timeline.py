"""The client's timeline: one entry per fact, however often it is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.ids import new_id
from db.models import TimelineEntry
from domain.stages import Actor
from domain.states import TimelineKind

_TELL = text("""
    INSERT INTO timeline_entry (id, client_id, at, kind, actor, ref)
    VALUES (:id, :client_id, :at, :kind, :actor, :ref) ON CONFLICT (client_id, kind, ref) DO NOTHING
""")


async def tell(
    session: AsyncSession, client_id: str, kind: TimelineKind, *, at: datetime, actor: Actor, ref: str
) -> None:
    """Add the fact; the same kind and ref a second time changes nothing."""
    values = {"id": new_id("tml"), "client_id": client_id, "at": at, "kind": str(kind), "actor": str(actor), "ref": ref}
    # What was added to the session goes before what is told about it: a client, for one.
    await session.flush()
    await session.execute(_TELL, values)


async def timeline_of(session: AsyncSession, client_id: str) -> list[TimelineEntry]:
    """Oldest first."""
    query = select(TimelineEntry).where(TimelineEntry.client_id == client_id)
    return list(await session.scalars(query.order_by(TimelineEntry.at, TimelineEntry.id)))
