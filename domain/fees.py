"""Fees: what is asked before an appointment stands, as it is quoted and kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from domain.disputes import frozen_refusal
from domain.errors import Conflict, DomainError, ValidationFailed
from domain.money import Money
from domain.policy import PortalPolicy
from domain.refunds import RefundTerms
from domain.stages import Actor
from domain.states import PaymentState


class FeePurpose(StrEnum):
    """What a fee is for, in the neutral words that the client, the card statement and the processor see."""

    APPOINTMENT = "Appointment fee"
    DEPOSIT = "Appointment deposit"


@dataclass(frozen=True, kw_only=True)
class FeeQuote:
    """What a client is told before paying, and held to: it never changes, whatever becomes of the settings.

    `settings_version` names the versions of practice, provider and client that it was made of. `rest` is said with it,
    and is between client and practice: nobody asks for it here.
    """

    amount: Money
    purpose: FeePurpose
    refund: RefundTerms
    settings_version: str
    rest: Money | None = None  # of a deposit: what is left to pay at the visit

    @property
    def reference(self) -> str:
        """The same for the same content: who has seen it has seen this."""
        terms = (self.refund.full_minutes, self.refund.part_percent, self.refund.part_minutes)
        seen = (self.amount.amount_minor, self.amount.currency, str(self.purpose), *terms)
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def quote_for(
    policy: PortalPolicy, settings_version: str, *, booked_by: Actor = Actor.CLIENT, returning: bool = False
) -> FeeQuote | None:
    """The fee of a client who books now; None where nothing is due. Nobody is asked a fee for what staff book."""
    amount = policy.fee_due(returning=returning) if booked_by is Actor.CLIENT else None
    if amount is None or policy.fee is None:
        return None
    left = policy.fee.amount_minor - amount.amount_minor
    return FeeQuote(
        amount=amount,
        purpose=FeePurpose.DEPOSIT if left else FeePurpose.APPOINTMENT,
        refund=policy.refund_terms,
        settings_version=settings_version,
        rest=Money(amount_minor=left, currency=amount.currency) if left else None,
    )


class RefundCause(StrEnum):
    """Why money goes back."""

    CANCELLED = "cancelled"  # an appointment that stood, by the refund rule
    RETURNED = "returned"  # paid, and no appointment came of it
    DUPLICATE = "duplicate"  # the second payment of a fee: another appointment of the client's stands instead
    STAFF = "staff"  # by hand, with a reason
    PROCESSOR = "processor"  # at the payment processor, past us


def refundable(state: PaymentState, amount: Money, owed_minor: int) -> Money:
    """What staff can still give back: what was taken, less what has gone back or is on its way."""
    left = max(amount.amount_minor - owed_minor, 0) if state is PaymentState.CAPTURED else 0
    return Money(amount_minor=left, currency=amount.currency)


def refund_refusal(
    state: PaymentState, amount: Money, owed_minor: int, wanted_minor: int | None, *, disputed: bool = False
) -> DomainError | None:
    """Why so much (None: all that is left) of a payment can't be given back, if so. Owed counts what is lost, too."""
    left = refundable(state, amount, owed_minor)
    if wanted_minor is not None and wanted_minor < 1:
        return ValidationFailed.of("amount_minor", "must be more than nothing")
    if wanted_minor is not None and wanted_minor % amount.payable_step:
        message = f"must end in 0: amounts in {amount.currency} are paid in steps of ten"
        return ValidationFailed.of("amount_minor", message)
    if state not in (PaymentState.CAPTURED, PaymentState.REFUNDED):
        return Conflict("Nothing has been taken for this payment.", payment_state=str(state))
    if disputed:
        return frozen_refusal()
    if left.amount_minor <= 0:
        return Conflict("All of it has gone back already, or is on its way.", refundable_minor=0)
    if wanted_minor is not None and wanted_minor > left.amount_minor:
        return Conflict(f"At most {left} can be refunded.", refundable_minor=left.amount_minor)
    return None
