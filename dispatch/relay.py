"""Draining recorded events: right after a commit, and again by the relay until Temporal has taken each of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from db.clock import Clock
from db.engine import Database
from db.events import CHANNEL, EventKind, oldest_waiting, release_lease, take_lease, waiting_subjects
from db.ids import new_id
from db.models import AttentionItem, Client, ExternalEvent
from db.timeline import tell
from dispatch.delivery import Delivery, Never, NotYet, Told
from domain.cadence import ANSWER_WITHIN
from domain.stages import Actor
from domain.states import AttentionOwner, TimelineKind
from workflows.naming import client_journey_id

logger = logging.getLogger("portico.relay")

# How long a subject waits for a process that was killed in the middle of telling; a delivery takes less.
_LEASE_SECONDS = 10
# Whoever recorded an event tells it at once; the relay only sees to what is left after this.
_HEAD_START_SECONDS = 0.25
_SLOW_POLL_SECONDS = 2.0
_LONGEST_PAUSE = timedelta(seconds=15)
# A booking that its journey never starts, although the engine is well: a person has to look.
_PATIENCE_TRIES = 40


class Relay:
    """Tells each subject's events in order, under that subject's lease; subjects don't wait for each other."""

    def __init__(self, database: Database, clock: Clock, delivery: Delivery) -> None:
        self._database = database
        self._clock = clock
        self._delivery = delivery
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(20)

    def nudge(self, subjects: Iterable[str], *, after_seconds: float = 0.0) -> None:
        """Drain these soon, without keeping the caller waiting."""
        for subject in set(subjects):
            task = asyncio.create_task(self._drain_quietly(subject, after_seconds))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait for the drains under way (on shutdown)."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def drain(self, subject: str) -> None:
        """Tell what is due; returns when nothing is, or when somebody else holds the lease."""
        lease = new_id("lse")
        async with self._database.transaction() as session:
            if not await take_lease(session, subject, lease, _LEASE_SECONDS):
                return
        try:
            while await self._tell_next(subject):
                pass
        finally:
            async with self._database.transaction() as session:
                await release_lease(session, subject, lease)
        # What was recorded between the last look and the release found the lease taken: look once more.
        async with self._database.transaction() as session:
            again = await oldest_waiting(session, subject) is not None
        if again:
            self.nudge([subject])

    async def _drain_quietly(self, subject: str, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        async with self._places:
            try:
                await self.drain(subject)
            except SQLAlchemyError as error:
                logger.warning(
                    "draining %s: database %s; the relay will come back to it", subject, type(error).__name__
                )

    async def _tell_next(self, subject: str) -> bool:
        async with self._database.transaction() as session:
            event = await oldest_waiting(session, subject)
            if event is None:
                return False
            client = await session.get(Client, subject.removeprefix("client:"))
            skew = await self._clock.offset(session)
        told = await self._tell(event, client, skew)
        async with self._database.transaction() as session:
            return await self._note(session, event, client, told)

    async def _tell(self, event: ExternalEvent, client: Client | None, skew: timedelta) -> Told | NotYet | Never:
        kind = EventKind(event.kind)
        if kind is EventKind.PASSWORD_RESET_REQUESTED:
            return await self._delivery.start_password_reset(event.payload["reset_id"])
        if client is None:
            return Never(reason="there is no such client")
        return await self._delivery.deliver(kind, event.payload, client, skew)

    async def _note(
        self, session: AsyncSession, event: ExternalEvent, client: Client | None, told: Told | NotYet | Never
    ) -> bool:
        """Write down how it went; whether the subject's next event may be told now."""
        row = await session.get(ExternalEvent, event.id, with_for_update=True)
        assert row is not None
        row.attempts += 1
        match told:
            case Told():
                row.handled_at = datetime.now(UTC)
            case NotYet(weather=weather, reason=reason) if weather or row.attempts < _PATIENCE_TRIES:
                pause = min(timedelta(milliseconds=100) * 2 ** min(row.attempts, 10), _LONGEST_PAUSE)
                row.next_attempt_at = datetime.now(UTC) + pause
                logger.info("event %s (%s) waits: %s", row.id, row.kind, reason)
                return False
            case NotYet(reason=reason) | Never(reason=reason):
                row.parked_reason = reason
                logger.warning("event %s (%s) needs attention: %s", row.id, row.kind, reason)
                if client is not None:
                    await self._ask_for_help(session, row, client, reason)
        return True

    async def _ask_for_help(self, session: AsyncSession, event: ExternalEvent, client: Client, reason: str) -> None:
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
            async with self._database.transaction() as session:
                self.nudge(await waiting_subjects(session))
            # Wakes at the first notification, or after the pause; what piled up comes with the next look.
            async for notification in connection.notifies(timeout=_SLOW_POLL_SECONDS):
                self.nudge([notification.payload], after_seconds=_HEAD_START_SECONDS)
