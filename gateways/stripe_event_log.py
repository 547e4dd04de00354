"""Stripe's list of events, by which lost webhooks are found. https://docs.stripe.com/api/events/list"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

import stripe

from domain.errors import ValidationFailed
from domain.lost_events import Undelivered, Window
from domain.ports import ProcessorEvent
from gateways.stripe_connection import StripeConnection
from gateways.stripe_errors import translated
from gateways.stripe_webhooks import event_asked_for

logger = logging.getLogger("portico.money")


class StripeEventLog:
    """Implements `domain.lost_events.EventLog`. One instance per event loop; `api_base` None is Stripe itself."""

    def __init__(self, key: str, api_base: str | None, http_timeout_seconds: float = 10) -> None:
        self._connection = StripeConnection(key, api_base, http_timeout_seconds)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def undelivered(
        self, merchant_account: str | None, types: Sequence[str], window: Window, most_pages: int
    ) -> Undelivered:
        """Stripe lists the newest first, also those whose delivery is still being tried."""
        options: stripe.RequestOptions = {} if merchant_account is None else {"stripe_account": merchant_account}
        created = {"gte": int(window.since.timestamp()), "lte": int(window.until.timestamp())}
        with translated():
            page = await self._connection.client.v1.events.list_async(
                {
                    "created": {"gte": created["gte"], "lte": created["lte"]},
                    "delivery_success": False,
                    "limit": 100,
                    "types": list(types),
                },
                options,
            )
            listed = list(page.data)
            for _ in range(most_pages - 1):
                if not page.has_more:
                    break
                page = await page.next_page_async()
                listed += page.data
        read = [_read(one, merchant_account) for one in reversed(listed)]
        return Undelivered(
            events=[one for one in read if one is not None],
            more_until=datetime.fromtimestamp(listed[-1].created, UTC) if page.has_more else None,
        )


def _read(event: stripe.Event, merchant_account: str | None) -> ProcessorEvent | None:
    try:
        return event_asked_for(event.to_dict(), merchant_account)
    except ValidationFailed:
        logger.warning("an event of the processor's list can't be read, or is another account's: %s", event.id)
        return None
