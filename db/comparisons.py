"""What the daily comparison of money reads and writes: whose a difference is, and who hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.ids import new_id
from db.models import AttentionItem, MerchantAccount, Payment, Provider
from domain.reconciliation import Finding
from domain.states import AttentionOwner

# Money that has moved since the processor's last word, and not because of it: what is written down shortly after a word
# is its consequence. On business time, as the ledger stamps it. Of a checkout that is still open there is nothing to be
# heard, and what a cancellation owes of a disputed payment waits in silence.
_SILENT = text("""
    WITH heard AS (
      SELECT coalesce(max(received_at), '-infinity')
             + coalesce((SELECT offset_seconds FROM demo_clock), 0) * interval '1 s' AS at
        FROM external_event WHERE source = 'stripe-fees' AND NOT undelivered)
    SELECT p.practice_id, min(p.changed_at) AS since FROM payment p, heard
     WHERE p.session_id IS NOT NULL AND p.state <> 'requested' AND NOT p.disputed
       AND p.changed_at > heard.at + interval '10 minutes'
     GROUP BY p.practice_id HAVING min(p.changed_at) <= :before
""")


async def silent_practices(session: AsyncSession, before: datetime) -> dict[str, datetime]:
    """Those whose payments changed before then, and of which nothing has been heard since: by practice, since when."""
    return {row.practice_id: row.since for row in await session.execute(_SILENT, {"before": before})}


async def practices_with_money(session: AsyncSession) -> dict[str, int]:
    """How many payments with a checkout each practice has."""
    query = select(Payment.practice_id, func.count()).where(Payment.session_id.is_not(None))
    return {row[0]: row[1] for row in await session.execute(query.group_by(Payment.practice_id))}


async def practices_of_findings(session: AsyncSession, findings: Sequence[Finding]) -> list[tuple[str, Finding]]:
    """Whose each of them is: the payment's practice, else that of the account; what is nobody's is left out."""
    ids = [one.subject for one in findings]
    query = select(Payment.id, Payment.practice_id).where(Payment.id.in_(ids))
    by_payment = {row[0]: row[1] for row in await session.execute(query)}
    accounts = select(MerchantAccount.account, Provider.practice_id).join(
        Provider, Provider.id == MerchantAccount.provider_id
    )
    # An account that is in use no more is the practice's whose payments were asked for at it.
    before = select(Payment.merchant_account, Payment.practice_id).where(Payment.merchant_account.in_(ids)).distinct()
    by_account = {row[0]: row[1] for row in [*await session.execute(before), *await session.execute(accounts)]}
    found = []
    for one in findings:
        practice = by_payment.get(one.subject) or by_account.get(one.facts.get("account", one.subject))
        if practice is not None:
            found.append((practice, one))
    return found


async def raise_affair(
    session: AsyncSession,
    practice_id: str,
    workflow_id: str,
    step: str,
    reason: str,
    owner: AttentionOwner,
    due_at: datetime,
    now: datetime,
) -> None:
    """One open item per practice and step; what it says follows."""
    query = select(AttentionItem).where(
        AttentionItem.practice_id == practice_id, AttentionItem.step == step, AttentionItem.settled_at.is_(None)
    )
    item = await session.scalar(query)
    if item is not None:
        item.reason = reason
        return
    session.add(
        AttentionItem(
            id=new_id("att"),
            practice_id=practice_id,
            workflow_id=f"{workflow_id}:{practice_id}",
            step=step,
            reason=reason,
            owner=str(owner),
            due_at=due_at,
            raised_at=now,
        )
    )


async def raise_once(
    session: AsyncSession, practice_id: str, account: str, step: str, reason: str, due_at: datetime, now: datetime
) -> None:
    """One item for the practice each time that it loses the account, whatever was answered."""
    lost_at = await session.scalar(
        select(func.max(MerchantAccount.changed_at)).where(MerchantAccount.account == account)
    )
    query = select(AttentionItem.id).where(AttentionItem.practice_id == practice_id, AttentionItem.step == step)
    if lost_at is not None:
        query = query.where(or_(AttentionItem.settled_at.is_(None), AttentionItem.raised_at >= lost_at))
    if await session.scalar(query.limit(1)) is not None:
        return
    session.add(
        AttentionItem(
            id=new_id("att"),
            practice_id=practice_id,
            workflow_id=f"{step}:{practice_id}",
            step=step,
            reason=reason,
            owner=str(AttentionOwner.FRONT_DESK),
            due_at=due_at,
            raised_at=now,
        )
    )


async def end_those(session: AsyncSession, prefix: str, *, keep: set[str], now: datetime) -> None:
    """Steps that begin so: what isn't the matter any more is settled, and what nobody answered in its time lapses."""
    query = select(AttentionItem).where(AttentionItem.step.startswith(prefix), AttentionItem.settled_at.is_(None))
    for item in await session.scalars(query):
        if item.step not in keep:
            item.settled_at, item.resolution = now, "recovered"
        elif item.due_at is not None and item.due_at <= now:
            item.settled_at, item.resolution = now, "lapsed"


async def settle_affair(session: AsyncSession, step: str, *, keep: set[str], now: datetime) -> None:
    """By itself, where nothing is the matter any more."""
    query = select(AttentionItem).where(AttentionItem.step == step, AttentionItem.settled_at.is_(None))
    for item in await session.scalars(query):
        if item.practice_id not in keep:
            item.settled_at, item.resolution = now, "recovered"
