"""A subscribed practice has another plan: shown what it costs, confirmed, charged once, or refused with a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.driver import Provider, World, ok, until
from tests.e2e.test_outages import away
from tests.staffing import Colleague, owner_of
from tests.subscribing import (
    MONTHLY,
    PAGE,
    YEARLY,
    ask_for_plan,
    at_processor,
    plan_fields,
    press,
    row_of,
    seen,
    simulator,
    subscribed,
    subscriptions_of,
    unsubscribed,
)

ANOTHER = f"{PAGE}/plan?price={YEARLY}"


@pytest.fixture
async def owner(world: World, provider: Provider) -> Colleague:
    unsubscribed(world, provider)
    return await owner_of(provider)


async def card(world: World, provider: Provider, *, good: bool) -> None:
    customer = row_of(world, provider)["customer"]
    ok(await world.http.post(f"{simulator(world)}/_sim/customers/{customer}/card", json={"good": good}))


async def invoices(world: World, provider: Provider) -> list[dict[str, Any]]:
    customer = row_of(world, provider)["customer"]
    found: list[dict[str, Any]] = (await at_processor(world, "GET", f"invoices?customer={customer}"))["data"]
    return found


async def settled(world: World, provider: Provider) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        row = row_of(world, provider)
        return row if row["plan_wish"] is None and row["read_at"] is not None else None

    return await until(look, "the wish to be settled", 30)


async def test_another_plan_is_shown_with_its_price_had_at_once_and_told(
    world: World, provider: Provider, owner: Colleague
) -> None:
    await subscribed(world, provider, owner)
    assert "$290.00 every year" in await seen(owner)
    page = await owner.page(ANOTHER)
    assert "that you have paid and not used is taken off" in page
    (due,) = re.findall(r"Change it and pay \$([\d.]+)", page)
    assert 261 <= float(due) < 262, "the month has only just begun"
    answer = await ask_for_plan(owner)
    assert answer.status_code == 303, answer.text[:500]
    assert (await settled(world, provider))["price"] == YEARLY
    assert "$290.00 every year" in (await seen(owner)).split("Another plan")[0]
    assert [f"{one['amount_paid'] / 100:.2f}" for one in await invoices(world, provider)] == [due, "29.00"]
    await world.mail(provider.seeded.email, "Your portal subscription has another plan")
    rows = world.rows("SELECT kind FROM audit_entry WHERE staff_id = %s", owner.staff_id)
    assert "subscription_plan_changed" in {one["kind"] for one in rows}

    # What is no change, or was shown long ago, is refused with its reason.
    same = await owner.submit(PAGE, f"{PAGE}/plan", price=YEARLY, at=(await world.now()).isoformat())
    assert (same.status_code, "is the plan that the practice has" in same.text) == (409, True)
    old = await owner.submit(PAGE, f"{PAGE}/plan", price=MONTHLY, at="2026-01-01T00:00:00+00:00")
    assert (old.status_code, "shown a while ago" in old.text) == (409, True)
    assert (await owner.request("GET", f"{PAGE}/plan?price=price_nobodys")).status_code == 422
    assert len(await invoices(world, provider)) == 2


async def test_a_worker_killed_after_the_processor_has_changed_it_charges_once(
    world: World, provider: Provider, owner: Colleague
) -> None:
    subscription = (await subscribed(world, provider, owner))["subscription"]
    path = f"/v1/subscriptions/{subscription}"
    fields = await plan_fields(owner)
    # It is done at once, and the answer held back until the worker is dead.
    await world.simulator_faults({"match": f"POST {path}", "action": "hold", "times": 1})
    assert (await owner.submit(ANOTHER, f"{PAGE}/plan", **fields)).status_code == 303

    async def done() -> bool:
        return bool((await subscriptions_of(world, provider))[0]["items"]["data"][0]["price"]["id"] == YEARLY)

    await until(done, "the processor to have done it")
    assert row_of(world, provider)["plan_wish"] == YEARLY
    again = await owner.submit(PAGE, f"{PAGE}/plan", **fields)
    assert (again.status_code, "still on its way" in again.text) == (409, True)
    async with away(world, "worker", killed=True):
        await world.simulator_faults()
    row = await settled(world, provider)
    assert (row["price"], row["plan_refusal"]) == (YEARLY, None)
    assert len(await invoices(world, provider)) == 2


async def test_a_card_that_is_refused_leaves_the_plan_and_what_is_unpaid_or_ends_is_settled_first(
    world: World, provider: Provider, owner: Colleague
) -> None:
    await subscribed(world, provider, owner)
    fields = await plan_fields(owner)
    await card(world, provider, good=False)
    await owner.submit(PAGE, f"{PAGE}/plan", **fields)
    row = await settled(world, provider)
    assert (row["price"], row["status"], row["plan_refusal"] is None) == (MONTHLY, "active", False)
    assert "wasn't changed, and nothing was charged" in await seen(owner)
    assert (await provider.get("/api/v1/attention"))["items"] == []
    assert len(await invoices(world, provider)) == 1
    # With another card it is asked anew: an earlier refusal isn't replayed.
    await card(world, provider, good=True)
    assert (await owner.submit(PAGE, f"{PAGE}/plan", **await plan_fields(owner))).status_code == 303
    assert (await settled(world, provider))["price"] == YEARLY

    moment = {"price": MONTHLY, "at": (await world.now()).isoformat()}
    await press(owner, "cancel")

    async def ending() -> bool:
        return row_of(world, provider)["renewal_wish"] is None and row_of(world, provider)["ending"] == "cancelled"

    await until(ending, "the end to be planned")
    refused = await owner.submit(PAGE, f"{PAGE}/plan", **moment)
    assert (refused.status_code, "Renew it after all first" in refused.text) == (409, True)
    assert "Change to this" not in await seen(owner)
    await (await world.engine()).get_workflow_handle(f"portal-subscription:{provider.seeded.practice_id}").terminate()
    world.execute(
        "UPDATE portal_subscription SET status = 'past_due', ending = 'past_due'"
        f" WHERE practice_id = '{provider.seeded.practice_id}'"
    )
    unpaid = await owner.submit(PAGE, f"{PAGE}/plan", **moment)
    assert (unpaid.status_code, "settle that first" in unpaid.text) == (409, True)
