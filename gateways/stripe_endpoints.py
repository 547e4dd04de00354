"""The webhook endpoints that Stripe knows: for `portico doctor`. https://docs.stripe.com/api/webhook_endpoints"""

from __future__ import annotations

from domain.webhook_endpoints import Endpoint
from gateways.stripe_connection import StripeConnection
from gateways.stripe_errors import translated


class StripeEndpoints:
    def __init__(self, key: str, api_base: str | None, http_timeout_seconds: float = 10) -> None:
        self._connection = StripeConnection(key, api_base, http_timeout_seconds)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def all(self) -> list[Endpoint]:
        """Raises PaymentRefused (the key may not read them) and PaymentUnavailable."""
        with translated():
            listed = await self._connection.client.v1.webhook_endpoints.list_async({"limit": 100})
            return [
                Endpoint(
                    url=one.url,
                    events=tuple(one.enabled_events),
                    enabled=one.status == "enabled",
                    connected=one.application is not None,
                )
                async for one in listed.auto_paging_iter()
            ]
