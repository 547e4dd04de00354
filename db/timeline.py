"""The client's timeline: one entry per fact, however often it is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.ids import new_id
from db.models import TimelineEntry
from domain.stages import Actor
from domain.states import TimelineKind


async def tell(
    session: AsyncSession, client_id: str, kind: TimelineKind, *, at: datetime, actor: Actor, ref: str
) -> None:
    """Add the fact; the same kind and ref a second time changes nothing."""
    statement = insert(TimelineEntry).values(
        id=new_id("tml"), client_id=client_id, at=at, kind=str(kind), actor=str(actor), ref=ref
    )
    await session.execute(statement.on_conflict_do_nothing(index_elements=["client_id", "kind", "ref"]))


async def timeline_of(session: AsyncSession, client_id: str) -> list[TimelineEntry]:
    """Oldest first."""
    query = select(TimelineEntry).where(TimelineEntry.client_id == client_id)
    return list(await session.scalars(query.order_by(TimelineEntry.at, TimelineEntry.id)))
