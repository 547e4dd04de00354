"""Envelopes of processor events that are about no open payment of ours: kept once, so that repeats are known."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import body_hash
from db.ids import new_id
from db.models import ExternalEvent
from domain.ports import ProcessorEvent


async def keep_envelope(session: AsyncSession, source: str, event: ProcessorEvent) -> None:
    """Nobody has to be told: an event that came before our own call returned is found by the booking's next look."""
    now = datetime.now(UTC)
    envelope = {"type": event.type, "object": event.object_id}
    statement = insert(ExternalEvent).values(
        id=new_id("evt"),
        source=source,
        tenant=event.merchant_account or "platform",
        external_id=event.event_id,
        kind=event.type[:100],
        subject=f"processor:{event.event_id}",
        payload=envelope,
        body_hash=body_hash(envelope),
        received_at=now,
        handled_at=now,
        attempts=0,
    )
    await session.execute(statement.on_conflict_do_nothing(index_elements=["source", "tenant", "external_id"]))
