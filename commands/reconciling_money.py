"""Reconciliation of money: the ledger against the payment processor's checkouts, both ways."""

from __future__ import annotations

from commands.reconciling import Compared, Moments, each
from db import loose_ends
from db.models import Payment
from domain.errors import PaymentRefused, PaymentUnavailable
from domain.ports import Checkout, CheckoutStatus, ListedCheckout
from domain.reconciliation import HOLDS_MONEY, Finding, Matter, Remedy, payment_agrees
from domain.states import BLOCKING, AppointmentStatus, PaymentState

_OURS = "pay_"  # what our fee references begin with
PLATFORM = "platform"  # stands for the account where no merchant is named
_MAY_TAKE_MONEY = HOLDS_MONEY | {CheckoutStatus.OPEN}


async def compare_money(given: Compared) -> list[Finding]:
    async with given.database.transaction() as session:
        rows = await loose_ends.payments_since(session, given.moments.since)
        accounts = await loose_ends.merchant_accounts(session, given.moments.since)
    findings = await each(rows, lambda row: _payment(given, row[0], AppointmentStatus(row[1])))
    listed = await each(sorted(accounts, key=str), lambda account: _account(given, account))
    return findings + [one for some in listed for one in some]


async def _payment(given: Compared, payment: Payment, appointment: AppointmentStatus) -> Finding | None:
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


async def _account(given: Compared, account: str | None) -> list[Finding] | None:
    """What the processor has under our references, and the ledger hasn't."""
    try:
        listed = await given.payments.list_checkouts(account, given.moments.since)
    except (PaymentRefused, PaymentUnavailable) as error:
        facts = {"reason": error.code}
        return [Finding(matter=Matter.NOT_COMPARED, remedy=Remedy.PERSON, subject=account or PLATFORM, facts=facts)]
    ours = [one for one in listed if _may_be_ours(one, given.moments)]
    async with given.database.transaction() as session:
        known = await loose_ends.payments_by_id(session, [one.checkout.fee_reference or "" for one in ours])
    findings = (_listed(account, one, known.get(one.checkout.fee_reference or "")) for one in ours)
    return [one for one in findings if one is not None]


def _may_be_ours(one: ListedCheckout, moments: Moments) -> bool:
    """What has just been opened is about to be written down."""
    reference, status = one.checkout.fee_reference or "", one.checkout.status
    given_back = status is CheckoutStatus.CAPTURED and one.refunded_minor >= one.checkout.amount.amount_minor
    settled = one.created_at <= moments.now - moments.grace
    return reference.startswith(_OURS) and status in _MAY_TAKE_MONEY and not given_back and settled


def _listed(account: str | None, one: ListedCheckout, payment: Payment | None) -> Finding | None:
    checkout = one.checkout
    if payment is not None and payment.session_id == checkout.session_id:
        return None
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


def _asked_for(payment: Payment, checkout: Checkout) -> bool:
    return (checkout.amount.amount_minor, checkout.amount.currency) == (payment.amount_minor, payment.currency)


def _described(account: str | None, checkout: Checkout) -> dict[str, str]:
    return {
        "processor": str(checkout.status),
        "amount": str(checkout.amount),
        "account": account or PLATFORM,
        "session": checkout.session_id,
    }
