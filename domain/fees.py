"""Fees: what is asked before an appointment stands, as it is quoted and kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from domain.money import Money
from domain.policy import PortalPolicy
from domain.refunds import RefundTerms


class FeePurpose(StrEnum):
    """What a fee is for, in the neutral words that the client, the card statement and the processor see."""

    APPOINTMENT = "Appointment fee"


@dataclass(frozen=True, kw_only=True)
class FeeQuote:
    """What a client is told before paying, and held to: it never changes, whatever becomes of the settings.

    `settings_version` names the versions of practice, provider and client that it was made of.
    """

    amount: Money
    purpose: FeePurpose
    refund: RefundTerms
    settings_version: str

    @property
    def reference(self) -> str:
        """The same for the same content: who has seen it has seen this."""
        terms = (self.refund.full_minutes, self.refund.part_percent, self.refund.part_minutes)
        seen = (self.amount.amount_minor, self.amount.currency, str(self.purpose), *terms)
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def quote_for(policy: PortalPolicy, settings_version: str) -> FeeQuote | None:
    """The fee of a client who books now; None where nothing is due."""
    amount = policy.due_fee
    if amount is None:
        return None
    return FeeQuote(
        amount=amount,
        purpose=FeePurpose.APPOINTMENT,
        refund=policy.refund_terms,
        settings_version=settings_version,
    )
