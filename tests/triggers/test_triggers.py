"""Stripe's official CLI runs its own scripts against the simulator, and Portico takes the webhooks that they cause."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from domain.webhook_endpoints import ACCOUNT_EVENTS, FEE_EVENTS, SUBSCRIPTION_EVENTS
from tests.dashboard import intent_of, ledger_says
from tests.driver import Provider, World, ok, until
from tests.seeding import settings_of
from tests.triggers.stripe_cli import act, trigger

# The CLI's triggers about objects that Portico hears of, each with the events that it has to cause.
OF_FEES = {
    "charge.captured": ("charge.captured", "payment_intent.amount_capturable_updated", "payment_intent.succeeded"),
    "charge.dispute.closed": ("charge.dispute.created", "charge.dispute.closed"),
    "charge.dispute.created": ("charge.dispute.created",),
    "charge.dispute.updated": ("charge.dispute.updated",),
    "charge.failed": ("payment_intent.payment_failed",),
    "charge.refund.updated": ("refund.created", "refund.updated"),
    "charge.refunded": ("charge.refunded", "refund.created"),
    "charge.succeeded": ("payment_intent.succeeded",),
    "checkout.session.completed": ("checkout.session.completed", "payment_intent.succeeded"),
    "checkout.session.expired": ("checkout.session.expired",),
    "payment_intent.amount_capturable_updated": ("payment_intent.amount_capturable_updated",),
    "payment_intent.canceled": ("payment_intent.canceled",),
    "payment_intent.created": (),
    "payment_intent.payment_failed": ("payment_intent.payment_failed",),
    "payment_intent.succeeded": ("payment_intent.succeeded",),
}
OF_ACCOUNTS = ("account.application.deauthorized", "account.updated")
OF_SUBSCRIPTIONS = {
    "customer.created": (),
    "customer.subscription.created": ("customer.subscription.created", "invoice.paid"),
    "customer.subscription.deleted": ("customer.subscription.deleted",),
    "customer.subscription.updated": ("customer.subscription.updated",),
    "customer.updated": (),
    "invoice.created": (),
    "invoice.deleted": (),
    "invoice.finalized": (),
    "invoice.marked_uncollectible": (),
    "invoice.paid": ("invoice.paid",),
    "invoice.payment_failed": ("invoice.payment_failed",),
    "invoice.payment_succeeded": ("invoice.paid",),
    "invoice.sent": (),
    "invoice.updated": (),
    "invoice.voided": (),
    "subscription.payment_succeeded": ("customer.subscription.created", "invoice.paid"),
}
# What the CLI can't trigger by itself; each has a test of its own elsewhere.
WITHOUT_A_TRIGGER = {
    "capability.updated",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "charge.expired",
    "refund.failed",
}


@pytest.fixture(scope="module")
async def shop(world: World) -> Provider:
    return await world.new_provider()


async def events(world: World, account: str | None, type_: str, known: frozenset[str] = frozenset()) -> list[Any]:
    """What the simulator has told, and Portico has taken with a 2xx, beside those that are known."""
    headers = {"Authorization": f"Bearer {settings_of(world.stack).stripe_key}"}
    headers |= {"Stripe-Account": account} if account else {}
    url = f"{world.endpoints['simulator_url']}/v1/events"
    asked = {"type": type_, "delivery_success": "true", "limit": "100"}
    told = ok(await world.http.get(url, params=asked, headers=headers))["data"]
    return [event for event in told if event["id"] not in known]


def kept(world: World, event_id: str) -> list[dict[str, Any]]:
    query = "SELECT source, tenant, kind, handled_at FROM external_event WHERE external_id = %s"
    return world.rows(query, event_id)


async def taken(world: World, account: str | None, type_: str, known: frozenset[str]) -> None:
    """It came, was answered with a 2xx and written down once, and nobody has to be told of it any more."""

    async def look() -> Any:
        return await events(world, account, type_, known)

    for event in await until(look, f"{type_} to be taken", 20):
        (row,) = kept(world, event["id"])
        assert (row["tenant"], row["kind"]) == (account or "platform", type_)
        assert row["handled_at"] is not None, "about nothing of ours: kept, so that repeats are known"


async def known_before(world: World, account: str | None, types: Iterable[str]) -> frozenset[str]:
    """Asked for by type, as afterwards: a list holds the newest hundred, and other tests make events of other types."""
    return frozenset([event["id"] for one in types for event in await events(world, account, one)])


async def nobody_is_asked(world: World, provider: Provider) -> None:
    assert (await provider.get("/api/v1/attention"))["items"] == []
    assert (await provider.get("/api/v1/payments"))["items"] == []


@pytest.mark.parametrize("event", OF_FEES)
async def test_what_the_cli_does_at_a_merchants_account_is_taken_and_alarms_nobody(
    world: World, shop: Provider, event: str
) -> None:
    account = shop.seeded.merchant_account
    causes = {event, *OF_FEES[event]} & {*FEE_EVENTS}
    known = await known_before(world, account, causes)
    await trigger(world, event, account=account)
    for caused in causes:
        await taken(world, account, caused, known)
    await nobody_is_asked(world, shop)


@pytest.mark.parametrize("event", OF_ACCOUNTS)
async def test_what_the_cli_does_to_an_account_of_nobodys_is_taken(world: World, shop: Provider, event: str) -> None:
    before = world.rows("SELECT count(*) AS n FROM external_event WHERE kind = %s", event)[0]["n"]
    await trigger(world, event)

    async def look() -> bool:
        told = world.rows("SELECT handled_at FROM external_event WHERE kind = %s", event)
        return len(told) > before and all(row["handled_at"] for row in told)

    await until(look, f"{event} to be taken", 20)
    await nobody_is_asked(world, shop)


@pytest.mark.parametrize("event", OF_SUBSCRIPTIONS)
async def test_what_the_cli_does_with_subscriptions_is_taken_and_changes_nobodys(
    world: World, shop: Provider, event: str
) -> None:
    query = "SELECT * FROM portal_subscription WHERE practice_id = %s"
    before, known = world.rows(query, shop.seeded.practice_id), await known_before(world, None, OF_SUBSCRIPTIONS[event])
    await trigger(world, event)
    for caused in OF_SUBSCRIPTIONS[event]:
        await taken(world, None, caused, known)
    assert world.rows(query, shop.seeded.practice_id) == before
    await nobody_is_asked(world, shop)


async def test_a_refund_by_the_cli_of_a_fee_that_was_paid_reaches_the_ledger(world: World, provider: Provider) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    account = provider.seeded.merchant_account
    await act(world, "/v1/refunds", account=account, payment_intent=intent_of(world, fee), amount=1500)
    await ledger_says(provider, fee, refunded_minor=1500)


def test_every_event_that_portico_hears_of_is_triggered_or_named() -> None:
    triggered = {one for caused in (*OF_FEES.values(), *OF_SUBSCRIPTIONS.values()) for one in caused} | {*OF_ACCOUNTS}
    assert triggered.isdisjoint(WITHOUT_A_TRIGGER)
    assert {*FEE_EVENTS, *ACCOUNT_EVENTS, *SUBSCRIPTION_EVENTS} <= triggered | WITHOUT_A_TRIGGER
