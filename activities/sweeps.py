"""Sweeps: what a schedule looks for in the practice's records, and hands to its journey again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio import activity

from db.clock import Clock
from db.engine import Database
from db.holds import SWEEP, ended_holds, reopen_booking
from db.merchant_accounts import notice_merchant_account, providers_to_read
from db.rate_counters import forget_counters
from db.subscriptions import notice_subscription, practices_to_read

_COUNTERS_KEPT = timedelta(days=2)
SWEEP_PRACTICES = "sweep-practices"  # the source of the events that it records


@dataclass(frozen=True, kw_only=True)
class SweepEndedHolds:
    """`now` is the engine's clock: a schedule knows nothing of the demo's travels."""

    now: datetime


@dataclass(frozen=True, kw_only=True)
class SweepPractices:
    now: datetime


class Sweeps:
    """`hold_grace` is how long after its end a hold is left to its own booking."""

    def __init__(self, database: Database, clock: Clock, *, hold_grace: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._hold_grace = hold_grace

    @activity.defn
    async def sweep_holds(self, command: SweepEndedHolds) -> int:
        """Have the booking of each hold that ended long ago opened again; a booking that runs isn't disturbed by it.

        Once per hold and day: a processor that is away for hours keeps holds alive, and they needn't be found anew.
        """
        async with self._database.transaction() as session:
            now = command.now + await self._clock.offset(session)
            found = 0
            for appointment in await session.scalars(ended_holds(now - self._hold_grace)):
                day = f"{appointment.id}:{now:%Y-%m-%d}"
                found += await reopen_booking(session, appointment, source=SWEEP, external_id=day)
            # Along the way; counters are on wall time.
            await forget_counters(session, datetime.now(UTC) - _COUNTERS_KEPT)
            return found

    @activity.defn
    async def sweep_practices(self, command: SweepPractices) -> int:
        """Have every merchant account and every subscription read again, once a day: what rang may have been lost."""
        async with self._database.transaction() as session:
            day = f"{command.now + await self._clock.offset(session):%Y-%m-%d}"
            for provider in await providers_to_read(session):
                await notice_merchant_account(
                    session, provider, source=SWEEP_PRACTICES, external_id=f"{provider.id}:{day}"
                )
            practices = await practices_to_read(session)
            for practice_id in practices:
                await notice_subscription(
                    session, practice_id, source=SWEEP_PRACTICES, external_id=f"{practice_id}:{day}"
                )
            return len(practices)
