"""Reconciliation: records, Temporal and payment processor compared; what is different, and what is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activities.comparing_money import Moments
from db import loose_ends
from db.clock import Clock
from db.engine import Database
from dispatch.engine_view import EngineView
from domain.ports import Payments
from domain.reconciliation import Finding, Matter, Remedy


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What comparisons are made from."""

    database: Database
    engine: EngineView
    payments: Payments
    moments: Moments


async def moments(database: Database, clock: Clock, *, grace: timedelta, look_back: timedelta) -> Moments:
    """What is younger than `grace` may still be under way; money is compared as far back as `look_back`."""
    async with database.transaction() as session:
        now = await clock.now(session)
    return Moments(now=now, settled=datetime.now(UTC) - grace, since=now - look_back, grace=grace)


async def compare_records(given: Compared) -> list[Finding]:
    """What the records themselves show to be unfinished."""
    async with given.database.transaction() as session:
        events = await loose_ends.untold(session, given.moments.settled)
        mails = await loose_ends.uncertain_mails(session, given.moments.long_ago)
        invitations = await loose_ends.unsent_invitations(session, given.moments.long_ago, given.moments.now)
    findings = [
        Finding(
            matter=Matter.EVENT_PARKED if event.parked_reason else Matter.EVENT_WAITING,
            remedy=Remedy.PERSON,
            subject=event.id,
            facts={"kind": event.kind, "about": event.subject, "tries": str(event.attempts)}
            | ({"reason": event.parked_reason} if event.parked_reason else {}),
        )
        for event in events
    ]
    findings += [
        Finding(
            matter=Matter.MAIL_UNCERTAIN,
            remedy=Remedy.PERSON,
            subject=mail.key,
            facts={"kind": mail.kind, "state": mail.state, "client": mail.client_id},
        )
        for mail in mails
    ]
    findings += [
        Finding(matter=Matter.INVITATION_UNSENT, remedy=Remedy.PERSON, subject=one.id, facts={"client": one.client_id})
        for one in invitations
    ]
    return findings
