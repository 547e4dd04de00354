"""Selling the portal subscription at Stripe: hosted Checkout, Billing and the billing portal, on our own account.

Sources: https://docs.stripe.com/billing/subscriptions/overview and https://docs.stripe.com/customer-management
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import stripe

from domain.billing import Invoice, InvoiceStatus, Plan, PlanChange, SubscriptionCheckout
from domain.money import Money
from domain.subscriptions import SubscriptionState, SubscriptionView
from gateways.stripe_connection import StripeConnection
from gateways.stripe_errors import once, translated

_STATES = {
    "incomplete": SubscriptionState.BEGUN,
    "incomplete_expired": SubscriptionState.ENDED,
    "trialing": SubscriptionState.PAID,
    "active": SubscriptionState.PAID,
    "past_due": SubscriptionState.PAST_DUE,
    "unpaid": SubscriptionState.PAST_DUE,
    "paused": SubscriptionState.PAST_DUE,
    "canceled": SubscriptionState.ENDED,
}
_MOST_INVOICES = 24


class StripeBilling:
    """Implements `domain.billing.Billing`."""

    def __init__(self, key: str, api_base: str | None, http_timeout_seconds: float = 10) -> None:
        self._connection = StripeConnection(key, api_base, http_timeout_seconds)

    @property
    def _client(self) -> stripe.StripeClient:
        return self._connection.client

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def plans(self, prices: Sequence[str]) -> list[Plan]:
        with translated():
            found = [await self._client.v1.prices.retrieve_async(one, {"expand": ["product"]}) for one in prices]
        return [_plan(price) for price in found if price.active and price.recurring is not None]

    async def create_customer(self, reference: str, idempotency_key: str) -> str:
        async def create(key: str) -> stripe.Customer:
            # Checkout itself asks whoever pays for what an invoice needs.
            params: stripe.params.CustomerCreateParams = {"metadata": {"practice_reference": reference}}
            return await self._client.v1.customers.create_async(params, {"idempotency_key": key})

        with translated():
            return (await once(idempotency_key, create)).id

    async def open_checkout(
        self, *, customer: str, price: str, reference: str, success_url: str, cancel_url: str, idempotency_key: str
    ) -> SubscriptionCheckout:
        async def create(key: str) -> stripe.checkout.Session:
            return await self._client.v1.checkout.sessions.create_async(
                {
                    "mode": "subscription",
                    "adaptive_pricing": {"enabled": False},
                    "allowed_payment_method_types": ["card"],
                    "cancel_url": cancel_url,
                    "client_reference_id": reference,
                    "customer": customer,
                    "line_items": [{"price": price, "quantity": 1}],
                    "subscription_data": {"metadata": {"practice_reference": reference}},
                    "success_url": success_url,
                },
                {"idempotency_key": key},
            )

        with translated():
            session = await once(idempotency_key, create)
        return SubscriptionCheckout(session=session.id, url=session.url)

    async def close_checkout(self, session: str) -> bool:
        with translated():
            try:
                await self._client.v1.checkout.sessions.expire_async(
                    session, {}, {"idempotency_key": f"{session}:expire"}
                )
            except stripe.InvalidRequestError:
                found = await self._client.v1.checkout.sessions.retrieve_async(session)
                if found.status == "open":
                    raise
                return found.status != "complete"
        return True

    async def subscriptions(self, customer: str) -> list[SubscriptionView]:
        with translated():
            listed = await self._client.v1.subscriptions.list_async(
                {"customer": customer, "limit": 100, "status": "all"}
            )
            return [_view(one) async for one in listed.auto_paging_iter()]

    async def set_renewal(self, subscription: str, *, renews: bool, idempotency_key: str) -> None:
        async def update(key: str) -> stripe.Subscription:
            return await self._client.v1.subscriptions.update_async(
                subscription, {"cancel_at_period_end": not renews}, {"idempotency_key": key}
            )

        with translated():
            try:
                await once(idempotency_key, update)
            except stripe.InvalidRequestError:
                found = await self._client.v1.subscriptions.retrieve_async(subscription)
                if _STATES.get(found.status) is not SubscriptionState.ENDED:
                    raise

    async def preview_change(self, subscription: str, *, price: str, at: datetime) -> PlanChange:
        with translated():
            item = _item(await self._client.v1.subscriptions.retrieve_async(subscription))
            preview = await self._client.v1.invoices.create_preview_async(
                {
                    "subscription": subscription,
                    "subscription_details": {
                        "items": [{"id": item.id, "price": price}],
                        "proration_behavior": "always_invoice",
                        "proration_date": int(at.timestamp()),
                    },
                }
            )
        return _change(preview)

    async def change_plan(self, subscription: str, *, price: str, at: datetime, idempotency_key: str) -> None:
        with translated():
            item = _item(await self._client.v1.subscriptions.retrieve_async(subscription))
            if item.price.id == price:
                return  # keys are forgotten after a day, plans aren't

            async def update(key: str) -> stripe.Subscription:
                return await self._client.v1.subscriptions.update_async(
                    subscription,
                    {
                        "items": [{"id": item.id, "price": price}],
                        "payment_behavior": "error_if_incomplete",
                        "proration_behavior": "always_invoice",
                        "proration_date": int(at.timestamp()),
                    },
                    {"idempotency_key": key},
                )

            await once(idempotency_key, update)

    async def invoices(self, customer: str) -> list[Invoice]:
        with translated():
            listed = await self._client.v1.invoices.list_async({"customer": customer, "limit": _MOST_INVOICES})
        return [_invoice(one) for one in listed.data]

    async def portal(self, customer: str, return_url: str) -> str:
        with translated():
            session = await self._client.v1.billing_portal.sessions.create_async(
                {"customer": customer, "flow_data": {"type": "payment_method_update"}, "return_url": return_url}
            )
        return session.url


def _plan(price: stripe.Price) -> Plan:
    product, recurring = price.product, price.recurring
    assert recurring is not None
    count = recurring.interval_count
    return Plan(
        price=price.id,
        name=product.name if isinstance(product, stripe.Product) else price.id,
        amount=Money(amount_minor=price.unit_amount or 0, currency=price.currency),
        every=recurring.interval if count == 1 else f"{count} {recurring.interval}s",
    )


def _view(subscription: stripe.Subscription) -> SubscriptionView:
    item = _item(subscription)
    return SubscriptionView(
        subscription=subscription.id,
        state=_STATES.get(subscription.status, SubscriptionState.PAST_DUE),
        price=item.price.id,
        created_at=_instant(subscription.created),
        period_start=_instant(item.current_period_start),
        period_end=_instant(item.current_period_end),
        ends_at=_planned_end(subscription, item),
        ended_at=_instant(subscription.ended_at) if subscription.ended_at is not None else None,
    )


def _item(subscription: stripe.Subscription) -> stripe.SubscriptionItem:
    # Not `subscription.items`: that is the method of a dictionary.
    (item, *_) = subscription["items"].data
    found: stripe.SubscriptionItem = item
    return found


def _change(preview: stripe.Invoice) -> PlanChange:
    """The customer's credit is counted; what comes to less than nothing is credited."""
    lines = preview.lines.data
    whole = preview.total + preview.starting_balance
    currency = preview.currency
    return PlanChange(
        due=Money(amount_minor=preview.amount_due, currency=currency),
        unused=Money(amount_minor=-sum(one.amount for one in lines if one.amount < 0), currency=currency),
        left_over=Money(amount_minor=max(0, -whole), currency=currency),
        renews_at=_instant(max((one.period.end for one in lines if one.amount >= 0), default=preview.created)),
    )


def _planned_end(subscription: stripe.Subscription, item: stripe.SubscriptionItem) -> datetime | None:
    if subscription.cancel_at is not None:
        return _instant(subscription.cancel_at)
    return _instant(item.current_period_end) if subscription.cancel_at_period_end else None


def _invoice(invoice: stripe.Invoice) -> Invoice:
    return Invoice(
        number=invoice.number or "",
        created_at=_instant(invoice.created),
        amount=Money(amount_minor=invoice.total, currency=invoice.currency),
        status=InvoiceStatus(invoice.status or "draft"),
        page=invoice.hosted_invoice_url,
        file=invoice.invoice_pdf,
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
