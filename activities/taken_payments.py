"""Taken payments: what becomes of a fee at the processor after it was captured is read, and the ledger follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from db.engine import Database
from db.models import AttentionItem, Payment, Refund
from db.refund_ledger import follow_refunds, refunds_of
from db.tenancy import appointment_by_id
from domain.errors import NotFound
from domain.fees import RefundCause
from domain.ports import Payments, RefundStatus
from domain.states import AppointmentStatus, PaymentState

_TAKEN = (PaymentState.CAPTURED, PaymentState.REFUNDED)


@dataclass(frozen=True, kw_only=True)
class FollowPayment:
    """`workflow_id` is that of the workflow which looks after it: a person is asked once in its name."""

    payment_id: str
    workflow_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Matter:
    """Something for a person's eye."""

    step: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PaymentStanding:
    """How the payment stands in the ledger now, and what a person hasn't been asked to look at yet."""

    state: PaymentState
    matters: tuple[Matter, ...] = ()


class TakenPayments:
    def __init__(self, database: Database, payments: Payments) -> None:
        self._database = database
        self._payments = payments

    @activity.defn
    async def follow_payment(self, command: FollowPayment) -> PaymentStanding:
        """Ask the processor what went back of the payment, and by whom; nothing is done about it there."""
        async with self._database.transaction() as session:
            payment = await session.get(Payment, command.payment_id)
            if payment is None:
                raise NotFound("There is no such payment.")
        if payment.state not in _TAKEN or payment.payment_intent_id is None:
            return PaymentStanding(state=PaymentState(payment.state))
        made = await self._payments.list_refunds(payment.merchant_account, payment.payment_intent_id)
        async with self._database.transaction() as session:
            row = await session.get_one(Payment, payment.id, with_for_update=True)
            followed = await follow_refunds(session, row, made, command.now)
            matters = await _matters(session, row) if followed else [_DIFFER]
            fresh = await _not_raised(session, command.workflow_id, matters)
            return PaymentStanding(state=PaymentState(row.state), matters=fresh)


_DIFFER = Matter(step="refunds_differ", reason="more went back than was taken")


async def _matters(session: AsyncSession, payment: Payment) -> list[Matter]:
    refunds = await refunds_of(session, payment.id)
    found = [
        Matter(step=f"refund_failed:{one.id}", reason="the bank refused the refund")
        for one in refunds
        if one.status == RefundStatus.FAILED and one.cause != RefundCause.PROCESSOR
    ]
    appointment = await appointment_by_id(session, payment.appointment_id)
    whole = payment.state == PaymentState.REFUNDED and any(_past_us(one) for one in refunds)
    if whole and appointment.status == AppointmentStatus.BOOKED:
        reason = "all of the fee was refunded at the payment processor; the appointment stays"
        found.append(Matter(step="refunded_past_us", reason=reason))
    return found


def _past_us(refund: Refund) -> bool:
    return refund.cause == RefundCause.PROCESSOR and refund.status == RefundStatus.SUCCEEDED


async def _not_raised(session: AsyncSession, workflow_id: str, matters: list[Matter]) -> tuple[Matter, ...]:
    """Each is asked once: what a person has put away isn't asked again."""
    query = select(AttentionItem.step).where(AttentionItem.workflow_id == workflow_id)
    raised = set(await session.scalars(query))
    return tuple(one for one in matters if one.step not in raised)
