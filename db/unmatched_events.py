"""Events of the payment processor that were about none of a practice's payments: what else goes on at its accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import ExternalEvent, MerchantAccount, Payment, Provider
from domain.lost_events import OWN_ACCOUNT, Door
from domain.roles import Reach
from domain.states import MerchantStatus
from domain.webhook_endpoints import FEE_EVENTS

_NOBODYS = "processor:%"  # the subject of an event that had nobody to ring at
_IN_USE = (MerchantStatus.ACTIVE, MerchantStatus.RESTRICTED)


async def unmatched_events(
    session: AsyncSession, reach: Reach, *, before: tuple[datetime, str] | None = None, limit: int = 50
) -> tuple[Sequence[ExternalEvent], tuple[datetime, str] | None]:
    """Those that somebody may reach, newest first, and where the next page begins.

    What came before our own call was answered belongs to a payment since, and isn't among them.
    """
    query = select(ExternalEvent).where(
        ExternalEvent.source == str(Door.FEES),
        ExternalEvent.subject.like(_NOBODYS),
        ExternalEvent.kind.in_(FEE_EVENTS),
        ExternalEvent.tenant.in_(_accounts(reach)),
        ~_ours(),
    )
    if before is not None:
        query = query.where(tuple_(ExternalEvent.received_at, ExternalEvent.id) < before)
    query = query.order_by(ExternalEvent.received_at.desc(), ExternalEvent.id.desc()).limit(limit + 1)
    rows = (await session.scalars(query)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], (last.received_at, last.id) if last else None


def _accounts(reach: Reach) -> Select[tuple[str]]:
    """Connected now, or one that a payment of theirs was asked for at; without one of its own, the installation's."""
    theirs = [Provider.practice_id == reach.practice_id]
    paid = [Payment.practice_id == reach.practice_id, Payment.merchant_account.is_not(None)]
    if reach.provider_id is not None:
        theirs.append(Provider.id == reach.provider_id)
        paid.append(Payment.provider_id == reach.provider_id)
    own = MerchantAccount.status.in_([str(one) for one in _IN_USE])
    connected = (
        select(func.coalesce(MerchantAccount.account, OWN_ACCOUNT).label("account"))
        .join(Provider, Provider.id == MerchantAccount.provider_id)
        .where(*theirs, or_(MerchantAccount.account.is_not(None), own))
    )
    both = union(connected, select(Payment.merchant_account.label("account")).where(*paid)).subquery()
    return select(both.c.account)


def _ours() -> ColumnElement[bool]:
    named = ExternalEvent.payload["object"].astext
    return exists().where(or_(Payment.session_id == named, Payment.payment_intent_id == named))
