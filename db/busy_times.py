"""The copy of a provider's calendar elsewhere: what blocks their time, and how reading it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.ids import new_id
from db.models import AttentionItem, BusyCalendar, BusyTime, Provider
from domain.busy_calendars import Unreadable
from domain.slots import Interval
from domain.states import AttentionOwner

STEP = "busy_calendar"
_TO_ANSWER = timedelta(days=2)


async def elsewhere(session: AsyncSession, provider_id: str, start: datetime, end: datetime) -> list[Interval]:
    """When the provider is busy elsewhere, of what touches the window; ascending."""
    query = select(BusyTime.starts_at, BusyTime.ends_at).where(
        BusyTime.provider_id == provider_id, BusyTime.starts_at < end, BusyTime.ends_at > start
    )
    rows = await session.execute(query.order_by(BusyTime.starts_at))
    return [Interval(start=row.starts_at, end=row.ends_at) for row in rows]


async def keep_copy(session: AsyncSession, provider_id: str, busy: Sequence[Interval]) -> None:
    """In place of the one that was there."""
    await forget_copy(session, provider_id)
    rows = [{"provider_id": provider_id, "starts_at": one.start, "ends_at": one.end} for one in busy]
    if rows:
        await session.execute(insert(BusyTime), rows)


async def forget_copy(session: AsyncSession, provider_id: str) -> None:
    await session.execute(delete(BusyTime).where(BusyTime.provider_id == provider_id))


async def calendars_to_read(session: AsyncSession, asked_before: datetime) -> list[str]:
    """Whose calendars are due, the longest waiting first."""
    query = select(BusyCalendar.provider_id).where(BusyCalendar.asked_at <= asked_before)
    return list(await session.scalars(query.order_by(BusyCalendar.asked_at, BusyCalendar.provider_id)))


async def tell_of_failure(session: AsyncSession, provider_id: str, why: Unreadable, now: datetime) -> None:
    """Onto the attention list, once: it is an affair of the provider's, and settles itself."""
    provider = await session.get_one(Provider, provider_id)
    session.add(
        AttentionItem(
            id=new_id("att"),
            practice_id=provider.practice_id,
            provider_id=provider_id,
            workflow_id=_affair(provider_id),
            step=STEP,
            reason=f"calendar {why}",
            owner=str(AttentionOwner.FRONT_DESK),
            due_at=now + _TO_ANSWER,
            raised_at=now,
        )
    )


async def settle_failure(session: AsyncSession, provider_id: str, now: datetime) -> None:
    query = select(AttentionItem).where(
        AttentionItem.workflow_id == _affair(provider_id), AttentionItem.settled_at.is_(None)
    )
    for item in await session.scalars(query.with_for_update()):
        item.settled_at = now
        item.resolution = "read_again"


def _affair(provider_id: str) -> str:
    """No workflow has this id: nobody waits for an answer."""
    return f"busy-calendar:{provider_id}"
