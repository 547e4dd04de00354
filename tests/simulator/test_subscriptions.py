"""Subscriptions as the simulator plays them, through the gateway: begun by a checkout, renewed, refused, ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from devstack.simulator.catalog import PLAN_MONTHLY, PLAN_YEARLY
from devstack.simulator.periods import later
from domain.billing import InvoiceStatus
from domain.errors import PaymentRefused
from domain.money import Money
from domain.subscriptions import SubscriptionState, SubscriptionView
from gateways.stripe_billing import StripeBilling
from tests.simulator.stage import API_KEY, Stage

DAY = 24 * 3600


@dataclass(kw_only=True)
class Shop:
    stage: Stage
    billing: StripeBilling
    customer: str

    async def checkout(self, number: int = 1, price: str = PLAN_MONTHLY) -> str:
        opened = await self.billing.open_checkout(
            customer=self.customer,
            price=price,
            reference="prc_1",
            success_url="http://portico.test/return",
            cancel_url="http://portico.test/back",
            idempotency_key=f"test:prc_1:{number}:subscription",
        )
        assert opened.url is not None
        return opened.session

    async def subscribed(self) -> SubscriptionView:
        await self.stage.act(await self.checkout(), "pay")
        return await self.subscription()

    async def subscription(self) -> SubscriptionView:
        (only,) = await self.billing.subscriptions(self.customer)
        return only

    async def at(self, moment: datetime) -> None:
        """Move the stack's clock there."""
        await self.stage.advance(int((moment - datetime.now(UTC)).total_seconds()) + 1)

    async def card(self, *, good: bool) -> None:
        answer = await self.stage.http.post(f"/_sim/customers/{self.customer}/card", json={"good": good})
        answer.raise_for_status()


@pytest.fixture
async def shop(stage: Stage) -> AsyncIterator[Shop]:
    async with aclosing(StripeBilling(API_KEY, stage.url, http_timeout_seconds=1)) as billing:
        customer = await billing.create_customer("prc_1", "test:prc_1:customer")
        yield Shop(stage=stage, billing=billing, customer=customer)


async def test_the_plans_are_there_from_the_start(shop: Shop) -> None:
    plans = await shop.billing.plans([PLAN_YEARLY, PLAN_MONTHLY])
    assert [(one.name, one.amount, one.every) for one in plans] == [
        ("Client Portal", Money(amount_minor=29000, currency="usd"), "year"),
        ("Client Portal", Money(amount_minor=2900, currency="usd"), "month"),
    ]


async def test_a_paid_checkout_begins_a_subscription_with_its_first_invoice(shop: Shop) -> None:
    assert await shop.billing.create_customer("prc_1", "test:prc_1:customer") == shop.customer
    assert await shop.checkout() == await shop.checkout()
    assert await shop.billing.subscriptions(shop.customer) == []

    found = await shop.subscribed()

    assert (found.state, found.price, found.ends_at) == (SubscriptionState.PAID, PLAN_MONTHLY, None)
    assert 28 <= (found.period_end - found.period_start).days <= 31
    (invoice,) = await shop.billing.invoices(shop.customer)
    assert (invoice.status, str(invoice.amount)) == (InvoiceStatus.PAID, "$29.00")
    assert invoice.page is not None
    assert (await shop.stage.http.get(invoice.page)).status_code == 200


async def test_a_checkout_is_closed_unless_it_has_been_paid(shop: Shop) -> None:
    session = await shop.checkout()
    assert await shop.billing.close_checkout(session)
    assert await shop.billing.close_checkout(session)
    paid = await shop.checkout(2)
    await shop.stage.act(paid, "pay")
    assert not await shop.billing.close_checkout(paid)


async def test_it_is_renewed_as_time_goes_by_also_in_one_long_leap(shop: Shop) -> None:
    first = await shop.subscribed()
    await shop.stage.advance(100 * DAY)
    renewed = await shop.subscription()
    assert (renewed.state, renewed.subscription) == (SubscriptionState.PAID, first.subscription)
    assert len(await shop.billing.invoices(shop.customer)) == 4


async def test_a_refused_card_is_tried_again_and_then_the_subscription_ends(shop: Shop) -> None:
    first = await shop.subscribed()
    await shop.card(good=False)
    await shop.at(first.period_end)
    overdue = await shop.subscription()
    assert (overdue.state, overdue.period_start) == (SubscriptionState.PAST_DUE, first.period_end)
    assert (await shop.billing.invoices(shop.customer))[0].status is InvoiceStatus.OPEN
    await shop.stage.advance(60 * DAY)
    ended = await shop.subscription()
    assert ended.state is SubscriptionState.ENDED
    assert ended.ended_at is not None
    assert (ended.ended_at - first.period_end).days == 15


@pytest.mark.parametrize("mended", ["a good card", "the invoice's page"])
async def test_an_overdue_subscription_is_mended(shop: Shop, mended: str) -> None:
    first = await shop.subscribed()
    await shop.card(good=False)
    await shop.at(first.period_end)
    (open_invoice, _) = await shop.billing.invoices(shop.customer)
    if mended == "a good card":
        page = await shop.billing.portal(shop.customer, "http://portico.test/return")
        assert "will be declined" in (await shop.stage.http.get(page)).text
        await shop.stage.http.post(page, data={"action": "good"})
        await shop.stage.advance(int((first.period_end - datetime.now(UTC)).total_seconds()) + 4 * DAY)
    else:
        assert open_invoice.page is not None
        await shop.stage.http.post(open_invoice.page)
    assert (await shop.subscription()).state is SubscriptionState.PAID


async def test_what_is_not_to_be_renewed_ends_with_its_period_unless_undone(shop: Shop) -> None:
    first = await shop.subscribed()
    await shop.billing.set_renewal(first.subscription, renews=False, idempotency_key="test:1")
    assert (await shop.subscription()).ends_at == first.period_end
    await shop.billing.set_renewal(first.subscription, renews=True, idempotency_key="test:2")
    assert (await shop.subscription()).ends_at is None
    await shop.billing.set_renewal(first.subscription, renews=False, idempotency_key="test:3")
    await shop.at(first.period_end)
    ended = await shop.subscription()
    assert (ended.state, ended.ended_at) == (SubscriptionState.ENDED, first.period_end)
    await shop.billing.set_renewal(first.subscription, renews=True, idempotency_key="test:4")
    assert (await shop.subscription()).state is SubscriptionState.ENDED


async def test_a_subscription_is_refused_where_stripe_would_refuse_it(shop: Shop) -> None:
    base = {
        "mode": "subscription",
        "success_url": "http://portico.test/x",
        "customer": shop.customer,
        "line_items[0][price]": PLAN_MONTHLY,
        "line_items[0][quantity]": "1",
    }
    platform = {"Authorization": f"Bearer {API_KEY}"}
    for changes, param in (
        ({"mode": "payment"}, "customer"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"line_items[0][price]": "price_nothing"}, "line_items[0][price]"),
        ({"payment_intent_data[capture_method]": "manual"}, "payment_intent_data"),
        ({"subscription_data[trial_period_days]": "7"}, "subscription_data[trial_period_days]"),
    ):
        answer = await shop.stage.http.post("/v1/checkout/sessions", data=base | changes, headers=platform)
        assert (answer.status_code in (400, 404), answer.json()["error"]["param"]) == (True, param), answer.text
    with pytest.raises(PaymentRefused):
        await shop.checkout(price="price_nothing")


def test_months_end_where_the_calendar_ends_them() -> None:
    start = int(datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp())
    february = later(start, start, "month", 1)
    assert datetime.fromtimestamp(february, UTC) == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert datetime.fromtimestamp(later(february, start, "month", 1), UTC) == datetime(2027, 3, 31, 12, tzinfo=UTC)
    assert later(start, start, "week", 2) - start == 14 * DAY


async def test_another_plan_is_prorated_paid_at_once_and_costs_what_was_shown(shop: Shop) -> None:
    begun = await shop.subscribed()
    await shop.at(begun.period_start + (begun.period_end - begun.period_start) / 2)
    now = begun.period_start + (begun.period_end - begun.period_start) / 2
    shown = await shop.billing.preview_change(begun.subscription, price=PLAN_YEARLY, at=now)
    assert (str(shown.unused), str(shown.due), shown.left_over.amount_minor) == ("$14.50", "$275.50", 0)
    assert (await shop.subscription()).price == PLAN_MONTHLY, "shown, and nothing else"
    for _ in range(2):
        await shop.billing.change_plan(begun.subscription, price=PLAN_YEARLY, at=now, idempotency_key="test:plan:1")
    yearly = await shop.subscription()
    assert yearly.price == PLAN_YEARLY
    assert abs((yearly.period_end - shown.renews_at).total_seconds()) < 60
    assert [str(one.amount) for one in await shop.billing.invoices(shop.customer)] == ["$275.50", "$29.00"]

    # Back at once: what is left of the year isn't paid out, and pays the months to come.
    moment = yearly.period_start
    back = await shop.billing.preview_change(begun.subscription, price=PLAN_MONTHLY, at=moment)
    assert (str(back.unused), back.due.amount_minor, str(back.left_over)) == ("$290.00", 0, "$261.00")
    await shop.card(good=False)
    await shop.billing.change_plan(begun.subscription, price=PLAN_MONTHLY, at=moment, idempotency_key="test:plan:2")
    await shop.at((await shop.subscription()).period_end)
    renewed = await shop.subscription()
    assert (renewed.state, renewed.price) == (SubscriptionState.PAID, PLAN_MONTHLY), "of the credit: no card is asked"


async def test_a_card_that_is_refused_leaves_the_plan_as_it_was(shop: Shop) -> None:
    begun = await shop.subscribed()
    await shop.card(good=False)
    with pytest.raises(PaymentRefused, match="card_declined"):
        await shop.billing.change_plan(
            begun.subscription, price=PLAN_YEARLY, at=begun.period_start, idempotency_key="test:plan:1"
        )
    assert await shop.subscription() == begun
    assert len(await shop.billing.invoices(shop.customer)) == 1
