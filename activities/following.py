"""Following a payment that was taken: what the processor has of it is read, and written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db.disputes import follow_disputes
from db.models import Payment
from db.refund_ledger import follow_refunds
from domain.disputes import SeenDispute
from domain.ports import MadeRefund, Payments


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What went back of a payment, and what banks ask back of it."""

    refunds: Sequence[MadeRefund]
    disputes: Sequence[SeenDispute]


async def look_at(payments: Payments, payment: Payment) -> Seen:
    """At the payment's own account, whoever rang."""
    assert payment.payment_intent_id is not None
    account, intent = payment.merchant_account, payment.payment_intent_id
    return Seen(
        refunds=await payments.list_refunds(account, intent), disputes=await payments.list_disputes(account, intent)
    )


async def write_down(session: AsyncSession, payment: Payment, seen: Seen, now: datetime) -> bool:
    """False where it can't be true of this payment: then nothing is written."""
    if any(one.amount.currency != payment.currency for one in seen.disputes):
        return False
    await follow_disputes(session, payment, seen.disputes, now)
    return await follow_refunds(session, payment, seen.refunds, now)
