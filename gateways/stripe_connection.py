"""One connection to Stripe for a gateway: the client is made when it is first asked for, in its event loop."""

from __future__ import annotations

import stripe

from domain.errors import PaymentUnavailable


class StripeConnection:
    """`api_base` None is Stripe itself. One instance per event loop."""

    def __init__(self, key: str, api_base: str | None, http_timeout_seconds: float = 10) -> None:
        self._key = key
        self._api_base = api_base
        self._timeout = http_timeout_seconds
        self._http: stripe.HTTPXClient | None = None
        self._client: stripe.StripeClient | None = None

    @property
    def client(self) -> stripe.StripeClient:
        if self._client is None:
            if not self._key:
                raise PaymentUnavailable("no_key")
            # Telemetry would write into the home directory, and tell Stripe about our host.
            stripe.enable_telemetry = False
            self._http = stripe.HTTPXClient(timeout=self._timeout)
            self._client = stripe.StripeClient(
                self._key,
                base_addresses={"api": self._api_base} if self._api_base else {},
                http_client=self._http,
                max_network_retries=0,  # retrying is Temporal's, or the person's in front of the page
            )
        return self._client

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.close_async()  # type: ignore[no-untyped-call]  # the SDK's http clients are untyped
