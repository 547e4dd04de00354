"""Refunds: money that is owed back is given back, once; and what went back another way is found out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.following import look_at, write_down
from db.engine import Database
from db.models import Payment, Refund
from db.refund_ledger import note_made
from domain.errors import NotFound, PaymentRefused, PaymentUnavailable
from domain.fees import RefundCause
from domain.money import Money
from domain.ports import Payments, RefundStatus


@dataclass(frozen=True, kw_only=True)
class RefundPayment:
    refund_id: str
    now: datetime


class Refunds:
    def __init__(self, database: Database, payments: Payments) -> None:
        self._database = database
        self._payments = payments

    @activity.defn
    async def refund_payment(self, command: RefundPayment) -> RefundStatus:
        """Give the money of one refund back; its id makes repeats one refund.

        While the payment is disputed it waits, and is asked for again when the dispute is over.
        """
        async with self._database.transaction() as session:
            payment, refund = await _both(session, command.refund_id)
        if refund.status in (RefundStatus.SUCCEEDED, RefundStatus.OVERTAKEN):
            return RefundStatus(refund.status)
        if payment.disputed:
            return RefundStatus.PENDING
        assert payment.payment_intent_id is not None
        amount = Money(amount_minor=refund.amount_minor, currency=payment.currency)
        account, intent = payment.merchant_account, payment.payment_intent_id
        try:
            duplicate = refund.cause == RefundCause.DUPLICATE
            made = await self._payments.refund(account, intent, amount, refund.id, duplicate=duplicate)
        except PaymentRefused as refusal:
            # Perhaps the practice has given it back past us, or a bank disputes it, and nobody has rung.
            return await self._look_what_is_left(payment, refund, command.now, refusal)
        async with self._database.transaction() as session:
            payment, refund = await _both(session, refund.id)
            await note_made(session, payment, refund.id, made, command.now)
        return made.status

    async def _look_what_is_left(
        self, payment: Payment, before: Refund, now: datetime, refusal: PaymentRefused
    ) -> RefundStatus:
        """Raises the refusal again where nothing explains it; less is tried again, as after weather."""
        seen = await look_at(self._payments, payment)
        async with self._database.transaction() as session:
            payment, refund = await _both(session, before.id)
            await write_down(session, payment, seen, now)
            if payment.disputed:
                return RefundStatus.PENDING
            status, left = RefundStatus(refund.status), refund.amount_minor
        if status is RefundStatus.PENDING and left == before.amount_minor:
            raise refusal
        if status is RefundStatus.PENDING:
            raise PaymentUnavailable("less_is_left")
        return status


async def _both(session: AsyncSession, refund_id: str) -> tuple[Payment, Refund]:
    """The refund, and its payment, which is locked."""
    refund = await session.get(Refund, refund_id)
    if refund is None:
        raise NotFound("There is no such refund.")
    payment = await session.get(Payment, refund.payment_id, with_for_update=True)
    assert payment is not None
    await session.refresh(refund)
    return payment, refund
