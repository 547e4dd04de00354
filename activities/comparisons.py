"""Comparing money by schedule: each practice's, what can be mended rung for, and the rest put before a person."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.comparing_money import Moments, Money, compare_money
from activities.mending_money import BY_DOORBELL, mend
from db.clock import Clock
from db.comparisons import (
    end_those,
    practices_of_findings,
    practices_with_money,
    raise_affair,
    raise_once,
    settle_affair,
    silent_practices,
)
from db.engine import Database
from db.models import MoneyComparison
from domain.lost_events import OWN_ACCOUNT
from domain.ports import Payments
from domain.reconciliation import Finding, Matter, Remedy
from domain.states import AttentionOwner

logger = logging.getLogger("portico.money")

_LOOK_BACK = timedelta(days=30)
COMPARED, SILENT = "money_compared", "processor_silent"  # steps on the attention list
OUT_OF_REACH = "money_out_of_reach:"  # and the account
_ANSWER_WITHIN = timedelta(days=2)
_OUT_OF_REACH_LAPSES = timedelta(days=14)
_NAMED = 5
_SAID = {
    Matter.PAYMENT_DIFFERS: "Stripe and the ledger don't agree about what was taken",
    Matter.CHECKOUT_UNKNOWN: "a checkout in Stripe that no appointment knows",
    Matter.APPOINTMENT_UNPAID: "an appointment stands, and its fee isn't in",
    Matter.NOT_COMPARED: "Stripe didn't answer",
}


@dataclass(frozen=True, kw_only=True)
class CompareMoney:
    """`now` is the engine's clock: a schedule knows nothing of the demo's travels.

    What is younger than `grace` may still be under way.
    """

    workflow_id: str
    now: datetime
    grace: timedelta


@dataclass(frozen=True, kw_only=True)
class WatchProcessor:
    workflow_id: str
    now: datetime


class Comparisons:
    """`silence` is how long no word of the processor's is fine while money is moving."""

    def __init__(self, database: Database, clock: Clock, payments: Payments, *, silence: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._payments = payments
        self._silence = silence

    @activity.defn
    async def compare_money(self, command: CompareMoney) -> int:
        """Processor, ledger and appointments of every practice; how many differences are left for a person."""
        async with self._database.transaction() as session:
            now = command.now + await self._clock.offset(session)
        settled = command.now - command.grace
        moments = Moments(now=now, settled=settled, since=now - _LOOK_BACK, grace=command.grace)
        findings = await compare_money(Money(database=self._database, payments=self._payments, moments=moments))
        for finding in findings:
            if finding.remedy in BY_DOORBELL:
                url = await self._checkout_url(finding)
                async with self._database.transaction() as session:
                    await mend(session, finding, moments, url, source="compare-money")
        async with self._database.transaction() as session:
            await _write_down(session, command.workflow_id, findings, now)
        return len([one for one in findings if one.remedy is Remedy.PERSON])

    @activity.defn
    async def watch_processor(self, command: WatchProcessor) -> int:
        """Money moves and the processor says nothing for long: its webhooks may be lost. How many practices that is."""
        async with self._database.transaction() as session:
            now = command.now + await self._clock.offset(session)
            silent = await silent_practices(session, now - self._silence)
            for practice_id, since in silent.items():
                logger.warning(
                    "no word of the payment processor since %s: practice_id %s", since.isoformat(), practice_id
                )
                reason = f"no webhook since {since:%Y-%m-%d %H:%M} UTC, though money has moved"
                await raise_affair(
                    session, practice_id, command.workflow_id, SILENT, reason, AttentionOwner.OPERATOR, now, now
                )
            await settle_affair(session, SILENT, keep=set(silent), now=now)
            return len(silent)

    async def _checkout_url(self, finding: Finding) -> str | None:
        if finding.remedy is not Remedy.ADOPT_CHECKOUT:
            return None
        account = None if finding.facts["account"] == OWN_ACCOUNT else finding.facts["account"]
        return (await self._payments.read_checkout(account, finding.facts["session"])).url


async def _write_down(session: AsyncSession, workflow_id: str, findings: Sequence[Finding], now: datetime) -> None:
    """For each practice what differed; what is left for a person is asked, or settled by itself."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for practice_id, finding in await practices_of_findings(session, findings):
        found[practice_id].append(finding)
    counted = await practices_with_money(session)
    for practice_id in {*counted, *found}:
        mine = [one for one in found[practice_id] if one.remedy is not Remedy.NOTE]
        left = [one for one in mine if one.remedy is Remedy.PERSON]
        values = {
            "compared_at": now,
            "payments": counted.get(practice_id, 0),
            "mended": len(mine) - len(left),
            "left_over": len(left),
        }
        statement = insert(MoneyComparison).values(practice_id=practice_id, **values)
        await session.execute(statement.on_conflict_do_update(index_elements=["practice_id"], set_=values))
        if left:
            due, front_desk = now + _ANSWER_WITHIN, AttentionOwner.FRONT_DESK
            await raise_affair(session, practice_id, workflow_id, COMPARED, _spoken(left), front_desk, due, now)
    await _tell_of_accounts(session, found, now)
    await settle_affair(session, COMPARED, keep={one for one in found if _left(found[one])}, now=now)


async def _tell_of_accounts(session: AsyncSession, found: Mapping[str, Sequence[Finding]], now: datetime) -> None:
    """What was paid at a disconnected account can't be compared: said once, until it is back or for two weeks."""
    gone = [(practice, one.subject) for practice, some in found.items() for one in some if _is_gone(one)]
    for practice_id, account in gone:
        reason = f"{account} isn't connected any more: what was paid there isn't compared with Stripe"
        await raise_once(session, practice_id, account, OUT_OF_REACH + account, reason, now + _OUT_OF_REACH_LAPSES, now)
    await end_those(session, OUT_OF_REACH, keep={OUT_OF_REACH + account for _, account in gone}, now=now)


def _is_gone(finding: Finding) -> bool:
    return finding.matter is Matter.ACCOUNT_GONE


def _left(findings: Sequence[Finding]) -> bool:
    return any(one.remedy is Remedy.PERSON for one in findings)


def _spoken(left: Sequence[Finding]) -> str:
    """Each matter once, with the ids that it is about: as many as one can read."""
    by_matter: dict[Matter, list[str]] = defaultdict(list)
    for one in left:
        by_matter[one.matter].append(one.subject)
    return "; ".join(f"{_SAID[matter]}: {_some(ids)}" for matter, ids in sorted(by_matter.items()))


def _some(ids: Sequence[str]) -> str:
    more = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {more} more" if more > 0 else "")
