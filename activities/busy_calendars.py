"""Busy times from calendars elsewhere: each is read every few minutes, and the last good copy stays until the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from db.busy_times import calendars_to_read, keep_copy, settle_failure, tell_of_failure
from db.clock import Clock
from db.engine import Database
from db.models import BusyCalendar
from db.settings_store import load_availability
from db.waitlist import time_freed
from domain.busy_calendars import (
    AHEAD,
    BACK,
    WHOLE_EVERY,
    BusyReader,
    CalendarUnreadable,
    Known,
    OutsideCalendars,
    Unreadable,
    is_told,
)
from domain.ports import Vault
from domain.slots import Interval

logger = logging.getLogger("portico.calendars")

_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class ReadBusyCalendars:
    """`now` is the engine's clock: a schedule knows nothing of the demo's travels."""

    now: datetime


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What was read: `busy` is None where nothing has changed. Days in it are those of `zone`."""

    busy: Sequence[Interval] | None
    known: Known
    zone: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What one reading begins with; `sealed` tells whether it is still the same calendar afterwards."""

    address: str
    sealed: bytes
    known: Known
    zone: str
    now: datetime


class BusyCalendars:
    """`every` is how often the schedule comes by."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        calendars: OutsideCalendars,
        reader: BusyReader,
        *,
        every: timedelta,
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._calendars = calendars
        self._reader = reader
        self._every = every

    @property
    def local(self) -> bool:
        return self._calendars.local

    @activity.defn
    async def read_busy_calendars(self, command: ReadBusyCalendars) -> int:
        """Read those that are due; how many. One that can't be read keeps no other waiting."""
        async with self._database.transaction() as session:
            now = command.now + await self._clock.offset(session)
            due = await calendars_to_read(session, now - self._every / 2)
        places = asyncio.Semaphore(_AT_ONCE)

        async def read(provider_id: str) -> None:
            async with places:
                await self.look_again(provider_id)

        await asyncio.gather(*(read(one) for one in due))
        return len(due)

    async def look_again(self, provider_id: str) -> Unreadable | None:
        """Read one calendar, and write down what became of it; why it couldn't be read."""
        async with self._database.transaction() as session:
            asked = await self._begin(session, provider_id)
        if asked is None:
            return None
        try:
            copy = await self.look(asked.address, asked.zone, asked.now, asked.known)
        except CalendarUnreadable as failure:
            await self._failed(provider_id, asked, failure.why)
            return failure.why
        async with self._database.transaction() as session:
            row = await _still(session, provider_id, asked)
            if row is not None:
                await keep(session, row, copy)
        return None

    async def look(self, address: str, zone: str, now: datetime, known: Known) -> Copy:
        """What the calendar says from here on. Raises CalendarUnreadable."""
        fetched = await self._calendars.fetch(address, known)
        busy = None
        if fetched.content is not None:
            busy = await self._reader.busy_times(fetched.content, zone, now - BACK, now + AHEAD)
        return Copy(busy=busy, known=fetched.known, zone=zone, at=now)

    async def _begin(self, session: AsyncSession, provider_id: str) -> _Asked | None:
        row = await session.get(BusyCalendar, provider_id)
        if row is None:
            return None
        now = await self._clock.now(session)
        zone = (await load_availability(session, provider_id)).timezone
        unchanged = row.zone == zone and now - row.whole_at < WHOLE_EVERY
        return _Asked(
            address=self._vault.open(row.wrapped_key, row.sealed_address, provider_id).decode(),
            sealed=row.sealed_address,
            known=Known(etag=row.etag, last_modified=row.last_modified) if unchanged else Known(),
            zone=zone,
            now=now,
        )

    async def _failed(self, provider_id: str, asked: _Asked, why: Unreadable) -> None:
        async with self._database.transaction() as session:
            row = await _still(session, provider_id, asked)
            if row is None:
                return
            row.asked_at = asked.now
            row.failing_since = row.failing_since or asked.now
            row.failure = str(why)
            if row.told_at is None and is_told(why, row.failing_since, asked.now):
                row.told_at = asked.now
                await tell_of_failure(session, provider_id, why, asked.now)
        logger.warning("provider %s: the calendar elsewhere can't be read (%s); the last copy stays", provider_id, why)


async def keep(session: AsyncSession, row: BusyCalendar, copy: Copy) -> None:
    """The copy in place of the one before; whatever was the matter is over."""
    row.asked_at = row.read_at = copy.at
    row.etag, row.last_modified = copy.known.etag, copy.known.last_modified
    row.failing_since = row.failure = row.told_at = None
    await settle_failure(session, row.provider_id, copy.at)
    if copy.busy is not None:
        row.whole_at, row.zone = copy.at, copy.zone
        await keep_copy(session, row.provider_id, copy.busy)
        await time_freed(session, row.provider_id, f"calendar-read:{copy.at:%Y%m%d%H%M%S}")


async def _still(session: AsyncSession, provider_id: str, asked: _Asked) -> BusyCalendar | None:
    """Locked; None where another calendar has taken its place, or none."""
    row = await session.get(BusyCalendar, provider_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.sealed_address == asked.sealed else None
