"""Fees as they are kept: a payment is made from its quote, and answers for it afterwards."""

from __future__ import annotations

from datetime import datetime

from db.ids import new_id
from db.models import Appointment, Payment
from domain.fees import FeePurpose, FeeQuote
from domain.money import Money
from domain.refunds import RefundTerms
from domain.states import PaymentState


def payment_for(
    appointment: Appointment, quote: FeeQuote, merchant_account: str | None, now: datetime, *, attempt: int = 1
) -> Payment:
    return Payment(
        id=new_id("pay"),
        practice_id=appointment.practice_id,
        provider_id=appointment.provider_id,
        client_id=appointment.client_id,
        appointment_id=appointment.id,
        attempt=attempt,
        state=str(PaymentState.REQUESTED),
        amount_minor=quote.amount.amount_minor,
        currency=quote.amount.currency,
        purpose=str(quote.purpose),
        settings_versions=quote.settings_version,
        refund_full_minutes=quote.refund.full_minutes,
        refund_part_percent=quote.refund.part_percent,
        refund_part_minutes=quote.refund.part_minutes,
        refund_at_most_percent=quote.refund.at_most_percent,
        refunded_minor=0,
        refund_due_minor=0,
        merchant_account=merchant_account,
        created_at=now,
        changed_at=now,
    )


def amount_of(payment: Payment) -> Money:
    return Money(amount_minor=payment.amount_minor, currency=payment.currency)


def quote_of(payment: Payment) -> FeeQuote:
    """What the client was told before paying; `at_most_percent` is the one thing about it that a move lowers."""
    return FeeQuote(
        amount=amount_of(payment),
        purpose=FeePurpose(payment.purpose),
        settings_version=payment.settings_versions,
        refund=RefundTerms(
            full_minutes=payment.refund_full_minutes,
            part_percent=payment.refund_part_percent,
            part_minutes=payment.refund_part_minutes,
            at_most_percent=payment.refund_at_most_percent,
        ),
    )
