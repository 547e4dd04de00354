"""Events that were found by asking: where to ask, how far it has been asked, and what that says of the webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.merchant_accounts import notice_merchant_account
from db.models import EventQuestion, ExternalEvent, MerchantAccount, Payment, PortalSubscription, Provider
from domain.lost_events import OWN_ACCOUNT, Asked, Door, Pace, is_due
from domain.states import MerchantStatus, PaymentState

# Whose an event is that rang: its practice is in the payload, or its client's.
_LOST = text("""
    SELECT coalesce(e.payload ->> 'practice_id', c.practice_id) AS practice_id, count(*) AS n,
           min(e.received_at) AS first, max(e.received_at) AS last
      FROM external_event e LEFT JOIN client c ON e.subject = 'client:' || c.id
     WHERE e.undelivered AND e.received_at > :since AND coalesce(e.payload ->> 'practice_id', c.practice_id) IS NOT NULL
     GROUP BY 1
""")


@dataclass(frozen=True, kw_only=True)
class Question:
    """An account to ask now; `account` None is the key's own."""

    door: Door
    account: str | None
    asked: Asked


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Of one practice, on wall time: what was found by asking, and hasn't come by itself since."""

    count: int
    first: datetime
    last: datetime


async def questions_due(session: AsyncSession, now: datetime, pace: Pace) -> list[Question]:
    """Whom to ask now: where most has been missed first, as many as one look may ask."""
    known = {(one.door, one.account): _asked(one) for one in await session.scalars(select(EventQuestion))}
    accounts = await _accounts(session, now, pace)
    found = [
        (Question(door=door, account=account, asked=known.get((str(door), account or OWN_ACCOUNT), Asked())), busy)
        for (door, account), busy in accounts.items()
    ]
    # What is asked no more is forgotten: an account that comes back is asked for all that the processor still has.
    for door, account in known.keys() - {(str(one.door), one.account or OWN_ACCOUNT) for one, _ in found}:
        await session.execute(delete(EventQuestion).where(EventQuestion.door == door, EventQuestion.account == account))
    due = [one for one, busy in found if is_due(one.asked, busy=busy, now=now, pace=pace)]
    due.sort(key=lambda one: (one.asked.asked_at is not None, one.asked.asked_at or now, one.account or ""))
    return due[: pace.most_accounts]


async def _accounts(session: AsyncSession, now: datetime, pace: Pace) -> dict[tuple[Door, str | None], bool]:
    """Where events of ours may be, and whether much happens there. Of one that is disconnected nothing can be asked."""
    found: dict[tuple[Door, str | None], bool] = {}
    gone = (str(MerchantStatus.NONE), str(MerchantStatus.DISCONNECTED))
    rows = (await session.execute(select(MerchantAccount.account, MerchantAccount.status))).all()
    for account, status in rows:
        if status not in gone:
            found[Door.FEES, account] = status == MerchantStatus.PENDING  # somebody waits for it
    lost = {account for account, status in rows if status == MerchantStatus.DISCONNECTED} - {
        account for _, account in found
    }
    under_way = Payment.state.in_([str(PaymentState.REQUESTED), str(PaymentState.AUTHORIZED)])
    busy = or_(under_way, Payment.disputed, Payment.changed_at >= now - pace.busy_for)
    used = select(Payment.merchant_account).where(Payment.session_id.is_not(None), busy).distinct()
    found |= {(Door.FEES, account): True for account in await session.scalars(used) if account not in lost}
    sells = select(PortalSubscription.practice_id).where(PortalSubscription.customer.is_not(None)).limit(1)
    if await session.scalar(sells) is not None:
        found[Door.SUBSCRIPTIONS, None] = True
    return found


def _asked(row: EventQuestion) -> Asked:
    return Asked(
        asked_at=row.asked_at,
        looked_until=row.looked_until,
        left_until=row.left_until,
        reaches=row.reaches,
        unanswered_since=row.unanswered_since,
    )


async def note_asked(session: AsyncSession, question: Question, asked: Asked, refusal: str | None = None) -> None:
    values = {**asdict(asked), "refusal": refusal}
    key = {"door": str(question.door), "account": question.account or OWN_ACCOUNT}
    statement = insert(EventQuestion).values(**key, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["door", "account"], set_=values))


async def ring_at_lost_account(session: AsyncSession, account: str) -> None:
    """It doesn't let us in: have it read, once for each state that it was in, so that the practice is told."""
    query = select(Provider, MerchantAccount).join(MerchantAccount, MerchantAccount.provider_id == Provider.id)
    for provider, row in await session.execute(query.where(MerchantAccount.account == account)):
        if row.status != MerchantStatus.DISCONNECTED:
            moment = f"{provider.id}:{row.changed_at.isoformat()}"
            await notice_merchant_account(session, provider, source="find-lost-events", external_id=moment)


async def mark_undelivered(session: AsyncSession, ids: Sequence[str]) -> None:
    if ids:
        await session.execute(update(ExternalEvent).where(ExternalEvent.id.in_(ids)).values(undelivered=True))


async def delivered_after_all(session: AsyncSession, door: Door, event_id: str) -> None:
    """A webhook came for what is known: if it was found by asking, its delivery was late, and isn't lost."""
    # An account's event is recorded for each of its providers.
    theirs = or_(ExternalEvent.external_id == event_id, ExternalEvent.external_id.startswith(f"{event_id}:"))
    query = update(ExternalEvent).where(ExternalEvent.undelivered, ExternalEvent.source == str(door), theirs)
    await session.execute(query.values(undelivered=False))


async def losses(session: AsyncSession, since: datetime) -> dict[str, Losses]:
    """By practice, what was found since then (wall time)."""
    rows = await session.execute(_LOST, {"since": since})
    return {row.practice_id: Losses(count=row.n, first=row.first, last=row.last) for row in rows}
