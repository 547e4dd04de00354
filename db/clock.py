"""Business time: the wall clock, plus the demo's one stored offset where time travel is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import DemoClock


class Clock:
    """`travels` is False in production, where the stored offset is never read."""

    def __init__(self, *, travels: bool) -> None:
        self._travels = travels

    async def offset(self, session: AsyncSession) -> timedelta:
        if not self._travels:
            return timedelta()
        seconds = await session.scalar(select(DemoClock.offset_seconds).where(DemoClock.id == 1))
        return timedelta(seconds=seconds or 0)

    def skew(self, offset_seconds: int | None) -> timedelta:
        """The offset, as it was read together with something else."""
        return timedelta(seconds=(offset_seconds or 0) if self._travels else 0)

    def at(self, offset_seconds: int | None) -> datetime:
        """Now, by such an offset."""
        return datetime.now(UTC) + self.skew(offset_seconds)

    async def now(self, session: AsyncSession) -> datetime:
        return datetime.now(UTC) + await self.offset(session)

    async def advance(self, session: AsyncSession, by: timedelta) -> timedelta:
        """Move the stack's clock on; the new offset. Only where time travels."""
        assert self._travels
        seconds = int(by.total_seconds())
        statement = insert(DemoClock).values(id=1, offset_seconds=seconds)
        statement = statement.on_conflict_do_update(
            index_elements=["id"], set_={"offset_seconds": DemoClock.offset_seconds + seconds}
        )
        await session.execute(statement)
        return await self.offset(session)
