"""Draining recorded events: right after a commit, and again by the relay until Temporal has taken each of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from db.clock import Clock
from db.engine import Database
from db.events import CHANNEL, EventKind
from db.held import Whose
from db.ids import new_id
from db.models import AttentionItem, ExternalEvent
from db.record_of_client import remove_record
from db.telling import (
    ClientRow,
    ToTell,
    next_to_tell,
    note_told,
    postpone,
    release_lease,
    take_lease,
    waiting_subjects,
)
from db.timeline import tell
from dispatch.delivered import Delivered, Never, NotYet, Told
from dispatch.delivery import Delivery
from dispatch.practice_delivery import OF_PRACTICES
from domain.cadence import ANSWER_WITHIN
from domain.stages import Actor
from domain.states import AttentionOwner, TimelineKind
from workflows.naming import client_journey_id

logger = logging.getLogger("portico.relay")

# Whoever recorded an event tells it at once; the relay only sees to what is left after this.
_HEAD_START = timedelta(seconds=0.25)
_SLOW_POLL_SECONDS = 2.0
_AT_A_LOOK = 200
# While so many requests of machines are being answered, telling waits: nobody looks at a page meanwhile.
_MANY_MACHINES = 4
_BUSY_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE = timedelta(seconds=15)
# A booking that its journey never starts, although the engine is well: a person has to look.
_PATIENCE_TRIES = 40
# More than this many subjects are left to the relay of another process, or to its next look.
_MOST_WAITING = 1000


class Relay:
    """Tells each subject's events in order, under that subject's lease; subjects don't wait for each other.

    `places` are drained at a time. In a process that answers requests they are few, and the newest comes first:
    somebody may be waiting for it. What is left behind then is told by the worker's relay, the oldest first.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        delivery: Delivery,
        *,
        places: int = 20,
        newest_first: bool = False,
    ) -> None:
        self._database = database
        self._clock = clock
        self._delivery = delivery
        self._places = places
        self._newest_first = newest_first
        self._machines = 0
        self._waiting: dict[str, None] = {}  # in the order in which they came
        self._tasks: set[asyncio.Task[None]] = set()

    def nudge(self, subjects: Iterable[str]) -> None:
        """Drain these soon, without keeping the caller waiting."""
        for subject in subjects:
            if self._newest_first:
                self._waiting.pop(subject, None)
            self._waiting[subject] = None
            if len(self._waiting) > _MOST_WAITING:
                self._take(newest=not self._newest_first)
            if len(self._tasks) < self._places:
                task = asyncio.create_task(self._drain_waiting())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    @contextmanager
    def answering_a_machine(self) -> Iterator[None]:
        """Around a request that is answered before anything is told: many of them at once go before telling."""
        self._machines += 1
        try:
            yield
        finally:
            self._machines -= 1

    async def settle(self) -> None:
        """Wait for the drains under way (on shutdown); what hasn't been begun is in the database."""
        self._waiting.clear()
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def _drain_waiting(self) -> None:
        while self._waiting:
            if self._machines >= _MANY_MACHINES:
                await asyncio.sleep(_BUSY_PAUSE_SECONDS)
                continue
            subject = self._take(newest=self._newest_first)
            try:
                await self.drain(subject)
            except SQLAlchemyError as error:
                logger.warning(
                    "draining %s: database %s; the relay will come back to it", subject, type(error).__name__
                )

    def _take(self, *, newest: bool) -> str:
        subject = next(reversed(self._waiting) if newest else iter(self._waiting))
        del self._waiting[subject]
        return subject

    async def drain(self, subject: str) -> None:
        """Tell what is due; returns when nothing is, or when somebody else holds the lease."""
        lease = new_id("lse")
        async with self._database.statements() as session:
            if not await take_lease(session, subject, lease):
                return
            event = await next_to_tell(session, subject)
            if event is None:
                await release_lease(session, subject, lease)
        try:
            while event is not None:
                event = await self._note(subject, lease, event, await self._tell(event))
        except BaseException:
            async with self._database.statements() as session:
                await release_lease(session, subject, lease)
            raise
        # What was recorded between the last look and the release found the lease taken: look once more.
        async with self._database.statements() as session:
            again = await next_to_tell(session, subject) is not None
        if again:
            self.nudge([subject])

    async def _tell(self, event: ToTell) -> Delivered:
        kind = EventKind(event.kind)
        if kind is EventKind.PASSWORD_RESET_REQUESTED:
            return await self._delivery.start_password_reset(event.payload["reset_id"])
        if kind is EventKind.GREETING_TEST_REQUESTED:
            return await self._delivery.start_greeting_test(event.payload["test_id"])
        if kind is EventKind.EMAIL_CHANGE_REQUESTED:
            return await self._delivery.start_email_change(event.payload["change_id"])
        if kind is EventKind.BATCH_CONFIRMED:
            return await self._delivery.start_batch(event.payload["batch_id"])
        if kind is EventKind.DAYS_CALLED_OFF:
            skew = self._clock.skew(event.clock_offset)
            runs_at = datetime.fromisoformat(event.payload["runs_at"])
            return await self._delivery.start_calling_off(event.payload["called_off_id"], runs_at, skew)
        if kind in OF_PRACTICES:
            return await self._delivery.tell_practice(kind, event.payload, self._clock.skew(event.clock_offset))
        if event.client is None:
            return Never(reason="there is no such client")
        skew = self._clock.skew(event.clock_offset)
        told = await self._delivery.deliver(kind, event.payload, event.client, skew)
        if kind is EventKind.CLIENT_ERASED and isinstance(told, Told):
            # Whatever was under way when they were erased has ended by now, or finds nobody.
            async with self._database.transaction() as session:
                of = Whose(client_id=event.client.id, practice_id=event.client.practice_id, email="")
                await remove_record(session, of)
        return told

    async def _note(self, subject: str, lease: str, event: ToTell, told: Delivered) -> ToTell | None:
        """Write down how it went; the subject's next event, if it may be told now. Else the lease is given back."""
        tries = event.attempts + 1
        match told:
            case Told():
                async with self._database.statements() as session:
                    return await note_told(session, subject, lease, event.event_id)
            case NotYet(weather=weather, reason=reason) if weather or tries < _PATIENCE_TRIES:
                pause = min(timedelta(milliseconds=100) * 2 ** min(tries, 10), _LONGEST_PAUSE)
                logger.info("event %s (%s) waits: %s", event.event_id, event.kind, reason)
                async with self._database.statements() as session:
                    await postpone(session, subject, lease, event.event_id, pause)
                return None
            case NotYet(reason=reason) | Never(reason=reason):
                logger.warning("event %s (%s) needs attention: %s", event.event_id, event.kind, reason)
                async with self._database.transaction() as session:
                    await self._park(session, event, reason)
                async with self._database.statements() as session:
                    following = await next_to_tell(session, subject)
                    if following is None:
                        await release_lease(session, subject, lease)
                    return following

    async def _park(self, session: AsyncSession, event: ToTell, reason: str) -> None:
        row = await session.get(ExternalEvent, event.event_id, with_for_update=True)
        assert row is not None
        row.attempts += 1
        row.parked_reason = reason
        if event.client is not None and not event.client.erased:
            await self._ask_for_help(session, row, event.client, reason)

    async def _ask_for_help(self, session: AsyncSession, event: ExternalEvent, client: ClientRow, reason: str) -> None:
        now = await self._clock.now(session)
        item = AttentionItem(
            id=new_id("att"),
            client_id=client.id,
            workflow_id=client_journey_id(client.id),
            step=f"event:{event.id}",
            reason=f"{event.kind}: {reason}",
            owner=str(AttentionOwner.OPERATOR),
            due_at=now + ANSWER_WITHIN,
            raised_at=now,
        )
        session.add(item)
        await tell(session, client.id, TimelineKind.ATTENTION_RAISED, at=now, actor=Actor.SYSTEM, ref=item.id)

    async def run(self, database_url: str) -> None:
        """Until cancelled: wake on NOTIFY, and look by itself every two seconds."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await self._listen(connection)
            except (psycopg.Error, SQLAlchemyError) as error:
                logger.warning("the relay lost its database (%s); trying again", type(error).__name__)
                await asyncio.sleep(1)

    async def _listen(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        while True:
            async with self._database.statements() as session:
                subjects = await waiting_subjects(session, _HEAD_START, _AT_A_LOOK)
            self.nudge(subjects)
            if len(subjects) < _AT_A_LOOK:
                # Until something is recorded, or for the pause.
                async for _ in connection.notifies(timeout=_SLOW_POLL_SECONDS, stop_after=1):
                    pass
            await asyncio.sleep(_HEAD_START.total_seconds())
