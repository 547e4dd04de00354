"""Comparing money by schedule: each practice's, what can be mended rung for, and the rest put before a person."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.comparing_money import PLATFORM, Moments, Money, compare_money
from activities.mending_money import BY_DOORBELL, mend
from db.clock import Clock
from db.comparisons import practices_of_findings, practices_with_money, raise_affair, settle_affair, silent_practices
from db.engine import Database
from db.models import MoneyComparison
from domain.ports import Payments
from domain.reconciliation import Finding, Remedy
from domain.states import AttentionOwner

logger = logging.getLogger("portico.money")

# What is younger may still be under way.
_GRACE = timedelta(minutes=2)
_LOOK_BACK = timedelta(days=30)
COMPARED, SILENT = "money_compared", "processor_silent"  # steps on the attention list
_ANSWER_WITHIN = timedelta(days=2)
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class CompareMoney:
    """`now` is the engine's clock: a schedule knows nothing of the demo's travels."""

    workflow_id: str
    now: datetime


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
        moments = Moments(now=now, settled=datetime.now(UTC) - _GRACE, since=now - _LOOK_BACK, grace=_GRACE)
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
                logger.warning("no word of the payment processor since %s: practice_id %s", since, practice_id)
                reason = f"no webhook since {since:%Y-%m-%d %H:%M} UTC, though money has moved"
                await raise_affair(
                    session, practice_id, command.workflow_id, SILENT, reason, AttentionOwner.OPERATOR, now, now
                )
            await settle_affair(session, SILENT, keep=set(silent), now=now)
            return len(silent)

    async def _checkout_url(self, finding: Finding) -> str | None:
        if finding.remedy is not Remedy.ADOPT_CHECKOUT:
            return None
        account = None if finding.facts["account"] == PLATFORM else finding.facts["account"]
        return (await self._payments.read_checkout(account, finding.facts["session"])).url


async def _write_down(session: AsyncSession, workflow_id: str, findings: Sequence[Finding], now: datetime) -> None:
    """For each practice what differed; what is left for a person is asked, or settled by itself."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for practice_id, finding in await practices_of_findings(session, findings):
        found[practice_id].append(finding)
    counted = await practices_with_money(session)
    for practice_id in {*counted, *found}:
        mine = found[practice_id]
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
    await settle_affair(session, COMPARED, keep={one for one in found if _left(found[one])}, now=now)


def _left(findings: Sequence[Finding]) -> bool:
    return any(one.remedy is Remedy.PERSON for one in findings)


def _spoken(left: Sequence[Finding]) -> str:
    counts = ", ".join(
        f"{count} {matter}" for matter, count in sorted(Counter(str(one.matter) for one in left).items())
    )
    return f"{counts}: {', '.join(one.subject for one in left[:_NAMED])}"
