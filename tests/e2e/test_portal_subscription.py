"""A practice subscribes, changes its mind, and is honoured: over HTTP, the real SDK and the simulator's own pages."""

from __future__ import annotations

import asyncio
import sys
from html import unescape

import pytest

from devstack.supervisor import part_environment
from tests.driver import Provider, World, ok, problem, until
from tests.staffing import Colleague, colleague, owner_of
from tests.subscribing import (
    MONTHLY,
    PAGE,
    YEARLY,
    about,
    at_processor,
    checkout,
    in_status,
    press,
    reads,
    ring,
    row_of,
    seen,
    simulator,
    subscribed,
    subscriptions_of,
    unsubscribed,
)
from workflows.naming import SWEEP_PRACTICES


@pytest.fixture
async def owner(world: World, provider: Provider) -> Colleague:
    """Of a practice that has no subscription yet."""
    unsubscribed(world, provider)
    return await owner_of(provider)


async def test_an_owner_subscribes_and_the_portal_opens(world: World, provider: Provider, owner: Colleague) -> None:
    problem(await world.sign_up(provider), "subscription-inactive", 409)
    shown = await seen(owner)
    assert "The portal isn't open yet" in shown
    assert "$29.00 every month" in shown
    assert "$290.00 every year" in shown
    row = await subscribed(world, provider, owner)
    assert row["price"] == MONTHLY
    assert row["checkout_session"] is None
    ok(await world.sign_up(provider), 202)
    shown = unescape((await owner.request("GET", f"{PAGE}/return", follow_redirects=True)).text)
    assert "The portal is open" in shown
    assert "It is renewed on" in shown
    assert "SIM-" in shown
    await world.mail(provider.seeded.email, "Your portal subscription is active")
    api = await provider.get("/api/v1/subscription")
    assert (api["status"], api["open"], api["renews"], api["ends_at"]) == ("active", True, True, None)


async def test_only_owners_see_and_change_it(world: World, provider: Provider, owner: Colleague) -> None:
    desk = await colleague(owner, "front_desk")
    assert (await desk.request("GET", PAGE)).status_code == 403
    assert PAGE not in await desk.page("/console/account")
    assert PAGE in await owner.page("/console/account")


async def test_two_tabs_have_one_checkout_and_another_plan_closes_the_first(
    world: World, provider: Provider, owner: Colleague
) -> None:
    first = await checkout(owner)
    assert await checkout(owner) == first
    second = await checkout(owner, YEARLY)
    assert second != first
    assert (await at_processor(world, "GET", f"checkout/sessions/{first}"))["status"] == "expired"
    await world.pay(second)
    assert (await in_status(world, provider, "active"))["price"] == YEARLY
    refused = await press(owner, "subscribe", price=MONTHLY)
    assert refused.status_code == 409
    assert "has a subscription already" in refused.text


async def test_a_checkout_that_is_paid_in_one_tab_cannot_be_replaced_in_the_other(
    world: World, provider: Provider, owner: Colleague
) -> None:
    first = await checkout(owner)
    # Nobody hears of it: neither a webhook nor the workflow's own look.
    await world.simulator_faults(
        {"match": "*", "action": "drop", "times": 10}, {"match": "GET /v1/subscriptions", "action": "429", "times": 100}
    )
    await world.pay(first)
    refused = await press(owner, "subscribe", price=YEARLY)
    assert (refused.status_code, "has been paid already" in refused.text) == (409, True)
    await world.simulator_faults()
    await in_status(world, provider, "active")
    assert len(await subscriptions_of(world, provider)) == 1


async def test_a_checkout_whose_opening_was_never_answered_is_found_again(
    world: World, provider: Provider, owner: Colleague
) -> None:
    lost = {"match": "POST /v1/checkout/sessions ", "action": "timeout", "times": 1, "seconds": 15}
    await world.simulator_faults(lost)
    answer = await press(owner, "subscribe", price=MONTHLY)
    assert answer.status_code == 503
    assert "doesn't answer" in unescape(answer.text)
    await checkout(owner)
    opened = [
        one
        for one in await world.simulator_requests()
        if one["path"] == "/v1/checkout/sessions"
        and one["body"].get("client_reference_id") == provider.seeded.practice_id
    ]
    assert len(opened) == 2
    assert len({one["idempotency_key"] for one in opened}) == 1

    # The same, and then another plan: the one that nobody knows of is closed all the same.
    world.execute(
        "UPDATE portal_subscription SET checkout_session = NULL, checkout_url = NULL"
        f" WHERE practice_id = '{provider.seeded.practice_id}'"
    )
    await checkout(owner, YEARLY)
    customer = row_of(world, provider)["customer"]
    sessions = (await at_processor(world, "GET", f"checkout/sessions?customer={customer}"))["data"]
    assert sorted(one["status"] for one in sessions) == ["expired", "open"]


async def test_a_lost_webhook_is_found_by_looking(world: World, provider: Provider, owner: Colleague) -> None:
    session = await checkout(owner)

    async def looked() -> bool:
        return await reads(world, provider) > 0

    await until(looked, "the first look")
    await world.simulator_faults({"match": "*", "action": "drop", "times": 20})
    await world.pay(session)
    await world.fast_forward(f"portal-subscription:{provider.seeded.practice_id}", seconds=3600)
    await in_status(world, provider, "active")
    await world.simulator_faults()


async def test_cancelling_is_confirmed_told_and_can_be_undone(
    world: World, provider: Provider, owner: Colleague
) -> None:
    row = await subscribed(world, provider, owner)
    before = await owner.page(f"{PAGE}/cancel")
    assert "What is booked stays booked" in before
    cancelled = await owner.submit(f"{PAGE}/cancel", f"{PAGE}/cancel")
    # The page to which it leads says how it stands now, or that it is being asked: never how it stood.
    shown = (await owner.request("GET", cancelled.headers["location"])).text
    assert "Renew it after all" in shown or "looks again by itself" in shown

    async def ending(expected: str | None) -> None:
        async def look() -> bool:
            found = row_of(world, provider)
            return found["ending"] == expected and found["renewal_wish"] is None

        await until(look, f"the ending to be {expected}")

    await ending("cancelled")
    assert row_of(world, provider)["closes_at"] == row["period_end"]
    assert "Renew it after all" in await seen(owner)
    await world.mail(provider.seeded.email, "Your portal subscription ends on")
    (at_stripe,) = await subscriptions_of(world, provider)
    assert at_stripe["cancel_at_period_end"] is True
    ok(await world.sign_up(provider), 202)
    assert (await press(owner, "resume")).status_code == 303
    await ending(None)
    assert "It is renewed on" in await seen(owner)
    kinds = {one["kind"] for one in world.rows("SELECT kind FROM audit_entry WHERE staff_id = %s", owner.staff_id)}
    assert kinds >= {"subscription_asked", "subscription_cancelled", "subscription_resumed"}


async def test_the_wish_to_cancel_outlives_a_processor_that_is_away(
    world: World, provider: Provider, owner: Colleague
) -> None:
    await subscribed(world, provider, owner)
    (at_stripe,) = await subscriptions_of(world, provider)
    away = {"match": f"POST /v1/subscriptions/{at_stripe['id']}", "action": "500", "times": 1}
    await world.simulator_faults(away)
    assert (await press(owner, "cancel")).status_code == 303

    async def told() -> bool:
        return bool(row_of(world, provider)["ending"] == "cancelled")

    await until(told, "the processor to be told")


async def test_the_card_is_changed_at_the_processors_own_page(
    world: World, provider: Provider, owner: Colleague
) -> None:
    await subscribed(world, provider, owner)
    answer = await press(owner, "card")
    assert answer.status_code == 303
    page = await world.http.get(answer.headers["location"])
    assert "SIMULATION" in page.text
    assert f"{world.base_url}{PAGE}/return" in page.text


async def test_an_end_at_the_processor_is_told_of_before_anything_closes(
    world: World, provider: Provider, owner: Colleague
) -> None:
    await subscribed(world, provider, owner)
    (at_stripe,) = await subscriptions_of(world, provider)
    ok(await world.http.post(f"{simulator(world)}/_sim/subscriptions/{at_stripe['id']}/cancel"))
    await world.mail(provider.seeded.email, "Your portal subscription ends on")

    async def told() -> bool:
        return row_of(world, provider)["told_at"] is not None

    await until(told, "the word to be written down")
    assert (await in_status(world, provider, "active"))["ending"] == "ended"
    ok(await world.sign_up(provider), 202)
    assert "Choose a plan to keep the portal open" in await seen(owner)


async def test_a_doorbell_proves_nothing_and_other_accounts_ring_elsewhere(
    world: World, provider: Provider, owner: Colleague
) -> None:
    customer = (await subscribed(world, provider, owner))["customer"]
    before = await reads(world, provider)
    assert ok(await ring(world, about(customer)))["result"] == "noticed"

    async def read_again() -> bool:
        return await reads(world, provider) > before

    await until(read_again, "the subscription to be read again")
    assert row_of(world, provider)["status"] == "active"
    assert ok(await ring(world, about(customer, account=provider.seeded.merchant_account)))["result"] == "kept"
    assert ok(await ring(world, about("cus_nobody")))["result"] == "kept"
    assert ok(await ring(world, about(customer, livemode=True)))["result"] == "dropped"
    problem(await ring(world, about(customer), secret="whsec_sim_wrong"), "signature-invalid", 401)
    fees = world.endpoints["stripe_fees_webhook_secret"]
    problem(await ring(world, about(customer), secret=fees), "signature-invalid", 401)


async def test_without_the_processor_the_page_is_of_use_all_the_same(
    world: World, provider: Provider, owner: Colleague
) -> None:
    await world.simulator_faults({"match": "GET /v1/prices", "action": "429", "times": 1})
    shown = await seen(owner)
    assert "The portal isn't open yet" in shown
    assert "The plans can't be shown right now" in shown


async def test_an_operator_opens_the_portal_of_a_practice_that_isnt_billed(
    world: World, provider: Provider, owner: Colleague
) -> None:
    async def portal(what: str) -> int | None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli", "portal", what, provider.seeded.practice_id),
            env=part_environment(world.stack.variables()),
        )
        return await process.wait()

    assert await portal("open") == 0
    ok(await world.sign_up(provider), 202)
    assert "without a subscription" in await seen(owner)
    assert await portal("close") == 0
    problem(await world.sign_up(provider), "subscription-inactive", 409)
    await subscribed(world, provider, owner)
    assert await portal("close") == 1


async def test_what_rang_in_vain_is_read_once_a_day(world: World, provider: Provider, owner: Colleague) -> None:
    """Webhooks lost, and the workflow with them: the daily sweep finds both."""
    await subscribed(world, provider, owner)
    (at_stripe,) = await subscriptions_of(world, provider)
    handle = (await world.engine()).get_workflow_handle(f"portal-subscription:{provider.seeded.practice_id}")
    await handle.terminate()
    await world.simulator_faults({"match": "*", "action": "drop", "times": 5})
    ok(await world.http.post(f"{simulator(world)}/_sim/subscriptions/{at_stripe['id']}/cancel"))
    await world.simulator_faults()
    # It may have run today already.
    world.execute("DELETE FROM external_event WHERE source = 'sweep-practices'")
    await (await world.engine()).get_schedule_handle(SWEEP_PRACTICES).trigger()

    async def found() -> bool:
        return bool(row_of(world, provider)["ending"] == "ended")

    await until(found, "the end to be seen")
