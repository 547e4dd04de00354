"""Taken payments: what becomes of a fee at the processor after it was captured is read, and the ledger follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.following import look_at, write_down
from db.disputes import disputes_of
from db.engine import Database
from db.models import AttentionItem, Dispute, Payment, Refund
from db.refund_ledger import refunds_of
from db.tenancy import appointment_by_id
from domain.disputes import DisputeStatus, remind_at
from domain.errors import NotFound
from domain.fees import RefundCause
from domain.ports import Payments, RefundStatus
from domain.states import AppointmentStatus, PaymentState

_DISPUTE = "dispute:"
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
    due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentStanding:
    """How the payment stands in the ledger now.

    `matters` are what a person hasn't been asked to look at yet; `answered` the steps that nobody has to any more;
    `near` those whose deadline is, and `look_again_at` when that will be said of another.
    """

    state: PaymentState
    matters: tuple[Matter, ...] = ()
    answered: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    look_again_at: datetime | None = None


class TakenPayments:
    def __init__(self, database: Database, payments: Payments) -> None:
        self._database = database
        self._payments = payments

    @activity.defn
    async def follow_payment(self, command: FollowPayment) -> PaymentStanding:
        """Ask the processor what went back of the payment, and what banks ask back; nothing is done about it there."""
        async with self._database.transaction() as session:
            payment = await session.get(Payment, command.payment_id)
            if payment is None:
                raise NotFound("There is no such payment.")
        if payment.state not in _TAKEN or payment.payment_intent_id is None:
            return PaymentStanding(state=PaymentState(payment.state))
        seen = await look_at(self._payments, payment)
        async with self._database.transaction() as session:
            row = await session.get_one(Payment, payment.id, with_for_update=True)
            followed = await write_down(session, row, seen, command.now)
            matters = await _matters(session, row) if followed else [_DIFFER]
            return await _standing(session, row, command, matters)


# Ours, and made in the processor's dashboard: that one counted as given back until then.
_REFUSED = ("the bank refused the refund", "the bank refused a refund that was made at the payment processor")
_DIFFER = Matter(step="refunds_differ", reason="more went back than was taken")


async def _matters(session: AsyncSession, payment: Payment) -> list[Matter]:
    refunds = await refunds_of(session, payment.id)
    found = [
        Matter(step=_step(one), reason=f"the bank says: {one.reason}", due_at=one.due_by)
        for one in await disputes_of(session, payment.id)
        if one.status == DisputeStatus.NEEDS_RESPONSE
    ]
    found += [
        Matter(step=f"refund_failed:{one.id}", reason=_REFUSED[one.cause == RefundCause.PROCESSOR])
        for one in refunds
        if one.status == RefundStatus.FAILED
    ]
    appointment = await appointment_by_id(session, payment.appointment_id)
    whole = payment.state == PaymentState.REFUNDED and any(_past_us(one) for one in refunds)
    if whole and appointment.status == AppointmentStatus.BOOKED:
        reason = "all of the fee was refunded at the payment processor; the appointment stays"
        found.append(Matter(step="refunded_past_us", reason=reason))
    return found


def _past_us(refund: Refund) -> bool:
    return refund.cause == RefundCause.PROCESSOR and refund.status == RefundStatus.SUCCEEDED


def _step(dispute: Dispute) -> str:
    return f"{_DISPUTE}{dispute.id}"


async def _standing(
    session: AsyncSession, payment: Payment, command: FollowPayment, matters: list[Matter]
) -> PaymentStanding:
    """Each is asked once: what a person has put away isn't asked again."""
    query = select(AttentionItem).where(AttentionItem.workflow_id == command.workflow_id)
    items = list(await session.scalars(query))
    waiting = {one.step for one in items if one.settled_at is None}
    awaited = {one.step for one in matters}
    moments = await _reminders(session, payment)
    ahead = [at for at in moments.values() if at > command.now]
    return PaymentStanding(
        state=PaymentState(payment.state),
        matters=tuple(one for one in matters if one.step not in {item.step for item in items}),
        answered=tuple(sorted(one for one in waiting - awaited if one.startswith(_DISPUTE))),
        near=tuple(step for step, at in moments.items() if at <= command.now and step in waiting),
        look_again_at=min(ahead, default=None),
    )


async def _reminders(session: AsyncSession, payment: Payment) -> dict[str, datetime]:
    """When the practice is reminded of each dispute that it hasn't answered."""
    found = {}
    for one in await disputes_of(session, payment.id):
        at = remind_at(DisputeStatus(one.status), one.due_by)
        if at is not None:
            found[_step(one)] = at
    return found
