"""Money compared: the ledger against the payment processor's checkouts, both ways, and against the appointments."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from db import loose_ends
from db.disputes import disputes_of
from db.engine import Database
from db.models import Payment
from domain.errors import PaymentRefused, PaymentUnavailable
from domain.lost_events import OWN_ACCOUNT
from domain.ports import Checkout, CheckoutStatus, ListedCheckout, Payments
from domain.reconciliation import HOLDS_MONEY, Finding, Matter, Remedy, payment_agrees
from domain.states import BLOCKING, AppointmentStatus, PaymentState

_OURS = "pay_"  # what our fee references begin with
NO_ACCESS = "account_invalid"  # the processor's word for an account that was disconnected
_MAY_TAKE_MONEY = HOLDS_MONEY | {CheckoutStatus.OPEN}
_AT_ONCE = 10
# A mail is handed over within seconds; what was begun longer ago has lost whoever began it.
_LONG_AGO = timedelta(minutes=30)
One = TypeVar("One")
Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Moments:
    """`settled` is on wall time, as events are stamped; `now` and `since` are business time."""

    now: datetime
    settled: datetime
    since: datetime
    grace: timedelta

    @property
    def long_ago(self) -> datetime:
        return self.now - _LONG_AGO


@dataclass(frozen=True, kw_only=True)
class Money:
    """What money is compared from."""

    database: Database
    payments: Payments
    moments: Moments


async def compare_money(given: Money) -> list[Finding]:
    async with given.database.transaction() as session:
        rows = await loose_ends.payments_since(session, given.moments.since)
        accounts = await loose_ends.merchant_accounts(session, given.moments.since)
        matters = await loose_ends.open_matters(session)
    listed = await each(sorted(accounts, key=str), lambda account: _account(given, account))
    # Of an account that doesn't let us in any more nothing is asked payment by payment: that is one matter.
    gone = {one.subject for some in listed for one in some if one.matter is Matter.ACCOUNT_GONE}
    in_reach = [row for row in rows if row[0].merchant_account not in gone]
    findings = await each(in_reach, lambda row: _payment(given, row[0], AppointmentStatus(row[1])))
    followed = {one.subject for some in listed for one in some if one.remedy is Remedy.FOLLOW_PAYMENT}
    awaited = [row for row in matters if row[0].merchant_account not in gone and row[0].id not in followed]
    findings += await each(awaited, lambda row: _open_matter(given, row[0], refund_on_its_way=row[1]))
    async with given.database.transaction() as session:
        apart = await loose_ends.money_and_appointments_apart(session, given.moments.now - given.moments.grace)
    findings += [_apart(payment, appointment) for payment, appointment in apart]
    return findings + [one for some in listed for one in some]


def _apart(payment: Payment, appointment: str) -> Finding:
    """Taken, and neither an appointment nor a refund came of it; or it stands, and its fee isn't in."""
    taken = payment.state == PaymentState.CAPTURED
    return Finding(
        matter=Matter.MONEY_ADRIFT if taken else Matter.APPOINTMENT_UNPAID,
        remedy=Remedy.NOTICE_PAYMENT if taken else Remedy.PERSON,
        subject=payment.id,
        facts={"ledger": payment.state, "appointment": payment.appointment_id, "appointment_status": appointment},
    )


async def _payment(given: Money, payment: Payment, appointment: AppointmentStatus) -> Finding | None:
    assert payment.session_id is not None
    try:
        checkout = await given.payments.read_checkout(payment.merchant_account, payment.session_id)
    except (PaymentRefused, PaymentUnavailable) as error:
        return Finding(
            matter=Matter.NOT_COMPARED,
            remedy=Remedy.PERSON,
            subject=payment.id,
            facts={"reason": error.code, "session": payment.session_id},
        )
    async with given.database.transaction() as session:
        # Read after the processor was: what was written down meanwhile isn't a difference.
        state = PaymentState((await session.get_one(Payment, payment.id)).state)
    if payment_agrees(state, checkout.status):
        return None
    awaited = appointment in BLOCKING
    if not awaited and checkout.status not in HOLDS_MONEY and state is PaymentState.REQUESTED:
        return None  # A hold that ended before anybody paid: no money anywhere.
    return Finding(
        matter=Matter.PAYMENT_DIFFERS,
        # A booking looks at it, an open one or one that is started for it; what was taken already is for a person.
        remedy=Remedy.NOTICE_PAYMENT if state is not PaymentState.CAPTURED else Remedy.PERSON,
        subject=payment.id,
        facts={
            "ledger": str(state),
            "appointment": payment.appointment_id,
            "appointment_status": str(appointment),
            **_described(payment.merchant_account, checkout),
        },
    )


async def _account(given: Money, account: str | None) -> list[Finding] | None:
    """What the processor has under our references, and the ledger hasn't."""
    try:
        listed = await given.payments.list_checkouts(account, given.moments.since)
    except (PaymentRefused, PaymentUnavailable) as error:
        facts = {"reason": error.code}
        if account is not None and error.code == NO_ACCESS:
            return [Finding(matter=Matter.ACCOUNT_GONE, remedy=Remedy.NOTE, subject=account, facts=facts)]
        return [Finding(matter=Matter.NOT_COMPARED, remedy=Remedy.PERSON, subject=account or OWN_ACCOUNT, facts=facts)]
    ours = [one for one in listed if _may_be_ours(one, given.moments)]
    async with given.database.transaction() as session:
        known = await loose_ends.payments_by_id(session, [one.checkout.fee_reference or "" for one in ours])
        disputed = await loose_ends.disputed_ones(session, known)
    pairs = ((one, known.get(one.checkout.fee_reference or "")) for one in ours)
    findings = (
        _followed(payment, one, known_dispute=payment.id in disputed)
        if payment is not None and payment.session_id == one.checkout.session_id
        else _listed(account, one, payment)
        for one, payment in pairs
    )
    return [one for one in findings if one is not None]


def _may_be_ours(one: ListedCheckout, moments: Moments) -> bool:
    """What has just been opened is about to be written down."""
    reference, status = one.checkout.fee_reference or "", one.checkout.status
    settled = one.created_at <= moments.now - moments.grace
    return reference.startswith(_OURS) and status in _MAY_TAKE_MONEY and settled


def _listed(account: str | None, one: ListedCheckout, payment: Payment | None) -> Finding | None:
    checkout = one.checkout
    if checkout.status is CheckoutStatus.CAPTURED and one.refunded_minor >= checkout.amount.amount_minor:
        return None  # unknown to us, and given back already
    facts = {
        "reference": checkout.fee_reference or "",
        "opened_at": one.created_at.isoformat(),
        "refunded": str(one.refunded_minor),
        **_described(account, checkout),
    }
    # Under our reference, at the account we asked at, for what we asked, and nothing else is in its place.
    ours = payment is not None and payment.session_id is None and payment.merchant_account == account
    if payment is not None and ours and _asked_for(payment, checkout):
        return Finding(matter=Matter.CHECKOUT_LOST, remedy=Remedy.ADOPT_CHECKOUT, subject=payment.id, facts=facts)
    return Finding(matter=Matter.CHECKOUT_UNKNOWN, remedy=Remedy.PERSON, subject=checkout.session_id, facts=facts)


def _followed(payment: Payment, one: ListedCheckout, *, known_dispute: bool) -> Finding | None:
    """What went back or was disputed at the processor, and not in the ledger."""
    if payment.state not in (PaymentState.CAPTURED, PaymentState.REFUNDED):
        return None
    if one.refunded_minor == payment.refunded_minor and (known_dispute or not one.disputed):
        return None
    facts = {"ledger": str(payment.refunded_minor), "processor": str(one.refunded_minor), "disputed": str(one.disputed)}
    return Finding(matter=Matter.REFUNDS_DIFFER, remedy=Remedy.FOLLOW_PAYMENT, subject=payment.id, facts=facts)


async def _open_matter(given: Money, payment: Payment, *, refund_on_its_way: bool) -> Finding | None:
    """Has the bank decided, and nobody has rung? A refund that takes its time is looked at until it is there."""
    assert payment.payment_intent_id is not None  # what was taken has one
    facts = {"ledger": str(payment.refunded_minor), "disputed": str(payment.disputed)}
    differs = Finding(matter=Matter.REFUNDS_DIFFER, remedy=Remedy.FOLLOW_PAYMENT, subject=payment.id, facts=facts)
    if refund_on_its_way:
        return differs
    try:
        seen = await given.payments.list_disputes(payment.merchant_account, payment.payment_intent_id)
    except (PaymentRefused, PaymentUnavailable) as error:
        if error.code == NO_ACCESS:
            return None  # Of an account that was disconnected long ago nobody can tell.
        facts = {"reason": error.code}
        return Finding(matter=Matter.NOT_COMPARED, remedy=Remedy.PERSON, subject=payment.id, facts=facts)
    async with given.database.transaction() as session:
        kept = {one.processor_dispute_id: one.status for one in await disputes_of(session, payment.id)}
    return differs if kept != {one.dispute_id: one.status for one in seen} else None


def _asked_for(payment: Payment, checkout: Checkout) -> bool:
    return (checkout.amount.amount_minor, checkout.amount.currency) == (payment.amount_minor, payment.currency)


def _described(account: str | None, checkout: Checkout) -> dict[str, str]:
    return {
        "processor": str(checkout.status),
        "amount": str(checkout.amount),
        "account": account or OWN_ACCOUNT,
        "session": checkout.session_id,
    }


async def each(items: Iterable[One], act: Callable[[One], Awaitable[Found | None]]) -> list[Found]:
    """What was found of each of them, some of them at once."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(item: One) -> Found | None:
        async with places:
            return await act(item)

    found = await asyncio.gather(*(one(item) for item in items))
    return [result for result in found if result is not None]
