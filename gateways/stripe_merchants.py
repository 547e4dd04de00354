"""Merchant accounts at Stripe: connected accounts of their own (Connect, direct charges), or the key's own account.

Sources: https://docs.stripe.com/connect/hosted-onboarding and https://docs.stripe.com/api/accounts
"""

from __future__ import annotations

from datetime import datetime

import stripe

from domain.merchant_accounts import AccountView
from gateways.stripe_connection import StripeConnection
from gateways.stripe_errors import code_of, once, translated

_REFERENCE = "merchant_reference"
# What Stripe answers when an account has taken our access away, or never gave it.
_NO_ACCESS = "account_invalid"


class StripeMerchants:
    """Implements `domain.merchant_accounts.Merchants`."""

    def __init__(self, key: str, api_base: str | None, http_timeout_seconds: float = 10) -> None:
        self._connection = StripeConnection(key, api_base, http_timeout_seconds)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def create_account(self, reference: str, country: str, idempotency_key: str) -> str:
        """An account with a dashboard of its own, whose owner pays Stripe's fees and answers for its losses."""

        async def create(key: str) -> stripe.Account:
            return await self._connection.client.v1.accounts.create_async(
                {
                    "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
                    "controller": {
                        "fees": {"payer": "account"},
                        "losses": {"payments": "stripe"},
                        "requirement_collection": "stripe",
                        "stripe_dashboard": {"type": "full"},
                    },
                    "country": country,
                    "metadata": {_REFERENCE: reference},
                },
                {"idempotency_key": key},
            )

        with translated():
            return (await once(idempotency_key, create)).id

    async def find_account(self, reference: str, created_since: datetime) -> str | None:
        with translated():
            listed = await self._connection.client.v1.accounts.list_async(
                {"created": {"gte": int(created_since.timestamp())}, "limit": 100}
            )
            async for account in listed.auto_paging_iter():
                metadata = account.metadata.to_dict() if account.metadata is not None else {}
                if metadata.get(_REFERENCE) == reference:
                    return account.id
        return None

    async def onboarding_link(self, account: str, *, return_url: str, refresh_url: str) -> str:
        with translated():
            link = await self._connection.client.v1.account_links.create_async(
                {
                    "account": account,
                    "refresh_url": refresh_url,
                    "return_url": return_url,
                    "type": "account_onboarding",
                }
            )
            return link.url

    async def read_account(self, account: str | None) -> AccountView | None:
        with translated():
            try:
                if account is None:
                    return _view(await self._connection.client.v1.accounts.retrieve_current_async())
                return _view(await self._connection.client.v1.accounts.retrieve_async(account))
            except stripe.PermissionError as error:
                # Only this code: a key without the permission to read accounts is another matter.
                if code_of(error) != _NO_ACCESS:
                    raise
                return None


def _view(account: stripe.Account) -> AccountView:
    requirements = account.requirements
    capabilities = account.capabilities
    cards = capabilities.card_payments if capabilities is not None and "card_payments" in capabilities else None
    return AccountView(
        account=account.id,
        charges_enabled=bool(account.charges_enabled),
        details_submitted=bool(account.details_submitted),
        takes_cards=None if cards is None else cards == "active",
        disabled_reason=requirements.disabled_reason if requirements is not None else None,
        due=len(requirements.currently_due or []) if requirements is not None else 0,
    )
