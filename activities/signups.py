"""Anonymous signup: the first step of a client who came by the website."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from db.engine import Database
from db.tenancy import client_by_id
from db.timeline import tell
from domain.stages import Actor
from domain.states import TimelineKind


@dataclass(frozen=True, kw_only=True)
class RecordAnonymousSignup:
    client_id: str
    now: datetime


class Signups:
    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def record_anonymous_signup(self, command: RecordAnonymousSignup) -> None:
        """Put the sign-up on the client's timeline: from here on the journey carries it."""
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id)
            await tell(
                session, client.id, TimelineKind.SIGNED_UP, at=client.created_at, actor=Actor.CLIENT, ref=client.id
            )
