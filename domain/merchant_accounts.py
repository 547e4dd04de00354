"""Merchant accounts: what the processor says of one, which state follows from it, and the port that asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.states import MerchantStatus

# The states in which the practice has to do something, and is told.
TROUBLED = frozenset({MerchantStatus.RESTRICTED, MerchantStatus.DISCONNECTED})
# Where the account exists at the processor and is ours to read.
CONNECTED = frozenset({MerchantStatus.PENDING, MerchantStatus.ACTIVE, MerchantStatus.RESTRICTED})

# Why charges are off while the processor is still looking at what it was given: nobody can hurry it.
_BEING_CHECKED = frozenset({"requirements.pending_verification", "under_review"})


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """A merchant account as the processor shows it right now; `due` counts what it still asks for.

    `takes_cards` is None where the account has no such capability of its own (a platform's). `disabled_reason` is the
    processor's own code: https://docs.stripe.com/api/accounts/object#account_object-requirements-disabled_reason
    """

    account: str
    charges_enabled: bool
    details_submitted: bool
    takes_cards: bool | None = None
    disabled_reason: str | None = None
    due: int = 0


def merchant_status(view: AccountView | None, before: MerchantStatus) -> MerchantStatus:
    """The state that follows from what the processor says; None: we have no access to the account any more."""
    if view is None:
        return MerchantStatus.DISCONNECTED
    if view.charges_enabled and view.takes_cards is not False:
        return MerchantStatus.ACTIVE
    if not view.details_submitted:
        return MerchantStatus.PENDING
    fresh = before not in (MerchantStatus.ACTIVE, MerchantStatus.RESTRICTED)
    if fresh and view.disabled_reason in _BEING_CHECKED:
        return MerchantStatus.PENDING
    return MerchantStatus.RESTRICTED


class Merchants(Protocol):
    """Accounts at the payment processor. Every method raises `PaymentRefused` or `PaymentUnavailable`."""

    async def create_account(self, reference: str, country: str, idempotency_key: str) -> str:
        """A new connected account (its id); `reference` is opaque, and finds it again."""

    async def find_account(self, reference: str, created_since: datetime) -> str | None:
        """The account that was made under this reference; keys are forgotten after a day, accounts aren't."""

    async def onboarding_link(self, account: str, *, return_url: str, refresh_url: str) -> str:
        """An address at which the account's owner tells the processor what it wants to know: good once, and briefly."""

    async def read_account(self, account: str | None) -> AccountView | None:
        """How it stands (None asks for the key's own account); None: we have no access to it any more."""

    async def aclose(self) -> None:
        """Close the connections."""
