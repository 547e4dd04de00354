"""Asking the payment processor for the events that it couldn't deliver: each goes through the door of the webhooks."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from temporalio import activity

from activities.comparing_money import NO_ACCESS, each
from db.clock import Clock
from db.comparisons import raise_affair, settle_affair
from db.engine import Database
from db.lost_events import Question, losses, note_asked, questions_due, ring_at_lost_account
from domain.errors import PaymentRefused, PaymentUnavailable
from domain.lost_events import ASKED_FOR, EventDoor, EventLog, Pace, answered, recurs, unanswered, window_of
from domain.states import AttentionOwner

logger = logging.getLogger("portico.money")

LOST = "webhooks_lost"  # the step on the attention list


@dataclass(frozen=True, kw_only=True)
class FindLostEvents:
    """`now` is the engine's clock: a schedule knows nothing of the demo's travels."""

    workflow_id: str
    now: datetime
    pace: Pace


class LostEvents:
    def __init__(self, database: Database, clock: Clock, log: EventLog, door: EventDoor) -> None:
        self._database = database
        self._clock = clock
        self._log = log
        self._door = door

    @activity.defn
    async def find_lost_events(self, command: FindLostEvents) -> int:
        """Ask each account whose turn it is; how many events rang that nobody had delivered.

        What an account's answer held is taken before it is noted that it was asked: killed in between, the next try
        asks again, and finds it known.
        """
        async with self._database.transaction() as session:
            now = command.now + await self._clock.offset(session)
            due = await questions_due(session, now, command.pace)
        rang = sum(await each(due, lambda question: self._ask(question, now, command.pace)))
        await self._tell(command, now)
        if due:
            logger.info("asked %d accounts for events that weren't delivered: %d rang", len(due), rang)
        return rang

    async def _ask(self, question: Question, now: datetime, pace: Pace) -> int:
        window = window_of(question.asked, now, pace)
        types = ASKED_FOR[question.door]
        try:
            found = await self._log.undelivered(question.account, types, window, pace.most_pages)
        except (PaymentRefused, PaymentUnavailable) as error:
            await self._not_answered(question, error, now)
            return 0
        rang = 0
        for event in found.events:
            rang += await self._door.take_undelivered(question.door, event)
        async with self._database.transaction() as session:
            await note_asked(session, question, answered(question.asked, window, found.more_until, now))
        return rang

    async def _not_answered(
        self, question: Question, error: PaymentRefused | PaymentUnavailable, now: datetime
    ) -> None:
        """The others are asked all the same; this one again by the next look, from where it was."""
        logger.warning("an account can't be asked for its events (%s): %s", error.code, question.account or "our own")
        asked = unanswered(question.asked, now, refused=isinstance(error, PaymentRefused))
        async with self._database.transaction() as session:
            if question.account is not None and error.code == NO_ACCESS:
                # That it is disconnected is an answer, and the practice's matter: no operator can do anything about it.
                await ring_at_lost_account(session, question.account)
                asked = replace(asked, unanswered_since=None)
            await note_asked(session, question, asked, error.code)

    async def _tell(self, command: FindLostEvents, now: datetime) -> None:
        """Lost once is an outage, lost again and again is an endpoint that has to be looked at."""
        pace = command.pace
        async with self._database.transaction() as session:
            found = await losses(session, command.now - pace.counted_for)
            broken = {practice: one for practice, one in found.items() if recurs(one.first, one.last, pace)}
            for practice_id, one in broken.items():
                reason = f"{one.count} events came only when asked for, the last at {one.last:%Y-%m-%d %H:%M} UTC"
                await raise_affair(
                    session, practice_id, command.workflow_id, LOST, reason, AttentionOwner.OPERATOR, now, now
                )
            await settle_affair(session, LOST, keep=set(broken), now=now)
