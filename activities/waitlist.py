"""The waitlist of a provider: offers are made and end, and a sweep finds whose list needs looking after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from db.clock import Clock
from db.engine import Database
from domain.waitlist_keeping import Kept, WaitlistKeeping


@dataclass(frozen=True, kw_only=True)
class KeepWaitlist:
    provider_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class SweepWaitlists:
    """`now` is the engine's clock: a schedule knows nothing of the demo's travels."""

    now: datetime


class Waitlists:
    def __init__(self, database: Database, clock: Clock, desk: WaitlistKeeping) -> None:
        self._database = database
        self._clock = clock
        self._desk = desk

    @activity.defn
    async def keep_waitlist(self, command: KeepWaitlist) -> Kept:
        """End what is over, and hold each free time that fits for the first who fits."""
        return await self._desk.keep(command.provider_id, command.now)

    @activity.defn
    async def sweep_waitlists(self, command: SweepWaitlists) -> int:
        """Have each list looked after where a time fits a wish, or something is over, and nobody has said so."""
        async with self._database.transaction() as session:
            now = command.now + await self._clock.offset(session)
        return await self._desk.ring_where_needed(now)
