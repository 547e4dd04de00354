"""Webhook lost for good: the list of undelivered events finds it, at each account, through the door of the webhooks."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from temporalio.client import WorkflowHandle

from activities.lost_events import LOST
from domain.lost_events import Pace
from tests.dashboard import asked, in_dashboard, intent_of, ledger, ledger_says, lose_webhooks
from tests.driver import Provider, World, ok, until
from tests.e2e.test_outages import away
from tests.merchants import at_simulator, in_status, ring, row_of
from tests.staffing import owner_of
from tests.subscribing import at_processor, simulator, subscribed, unsubscribed
from tests.subscribing import row_of as subscription_of
from workflows.find_lost_events import FindLostEvents
from workflows.naming import FIND_LOST_EVENTS, TASK_QUEUE

AT_ONCE = Pace(
    settled=timedelta(), busy_every=timedelta(), quiet_every=timedelta(), most_accounts=10_000, most_pages=10
)


async def begin(world: World) -> WorkflowHandle[Any, int]:
    """As the schedule does, but every account is asked, also for what has only just happened."""
    engine = await world.engine()
    workflow_id = f"{FIND_LOST_EVENTS}-{secrets.token_hex(4)}"
    return await engine.start_workflow(FindLostEvents.run, AT_ONCE, id=workflow_id, task_queue=TASK_QUEUE)


async def find(world: World) -> int:
    return await (await begin(world)).result()


async def undelivered(world: World, account: str | None) -> dict[str, str]:
    """At the simulator: type of event by id."""
    headers = {"authorization": f"Bearer {world.stack.secrets.stripe_key}"}
    headers |= {"stripe-account": account} if account else {}
    listed = ok(
        await world.http.get(
            f"{simulator(world)}/v1/events", params={"delivery_success": "false", "limit": 100}, headers=headers
        )
    )
    return {one["id"]: one["type"] for one in listed["data"]}


def heard(world: World, event_id: str) -> list[dict[str, Any]]:
    query = "SELECT * FROM external_event WHERE external_id = %s OR external_id LIKE %s"
    return world.rows(query, event_id, f"{event_id}:%")


def found_by_asking(world: World, provider: Provider) -> set[str]:
    query = "SELECT e.external_id FROM external_event e JOIN provider p ON p.id = e.tenant"
    rows = world.rows(f"{query} WHERE e.undelivered AND p.slug = %s", provider.slug)
    return {row["external_id"] for row in rows}


async def test_webhook_lost_for_good(world: World, provider: Provider) -> None:
    owner, account = await owner_of(provider), provider.seeded.merchant_account
    unsubscribed(world, provider)
    subscription = await subscribed(world, provider, owner)
    _, refunded = await world.booked_client(provider)
    await lose_webhooks(world, "*")
    person, disputed = await world.booked_client(provider)
    await in_dashboard(world, refunded["payment"]["id"], "refund", amount=1500)
    await in_dashboard(world, disputed["payment"]["id"], "dispute")
    await at_simulator(world, account, "restrict")
    ok(await world.http.post(f"{simulator(world)}/_sim/subscriptions/{subscription['subscription']}/cancel"))
    await world.simulator_faults()

    assert (await ledger(provider, refunded["payment"]["id"]))["refunded_minor"] == 0
    assert not (await ledger(provider, disputed["payment"]["id"]))["disputed"]
    assert row_of(world, provider)["status"] == "active"
    assert subscription_of(world, provider)["ending"] is None
    lost = await undelivered(world, account)
    assert {"checkout.session.completed", "charge.captured"} <= set(lost.values())
    assert not any(heard(world, one) for one in lost)

    assert await find(world) >= len(lost)
    await ledger_says(provider, refunded["payment"]["id"], refunded_minor=1500, disputed=False)
    await ledger_says(provider, disputed["payment"]["id"], refunded_minor=0, disputed=True)
    await in_status(world, provider, "restricted")

    async def ended() -> bool:
        return str(subscription_of(world, provider)["ending"]) == "ended"

    await until(ended, "the subscription's end to be known")
    # Polling finds a paid fee as well: that it was heard of is told by the event itself.
    assert {one["undelivered"] for event_id in lost for one in heard(world, event_id)} == {True}
    rang = [one["kind"] for event_id in lost for one in heard(world, event_id)]
    assert rang.count("payment_noticed") >= 2
    assert {"taken_payment_noticed", "merchant_account_noticed"} <= set(rang)

    before = world.rows("SELECT count(*) AS n FROM external_event WHERE undelivered")
    await find(world)
    assert world.rows("SELECT count(*) AS n FROM external_event WHERE undelivered") == before, "each rings once"
    assert (await provider.timeline(person.client_id)).count("appointment_booked") == 1


async def test_one_merchant_who_cannot_be_asked_delays_nobody_else_and_nobody_rings_for_another(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    mine, theirs = provider.seeded.merchant_account, other_provider.seeded.merchant_account
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await lose_webhooks(world, "*")
    await in_dashboard(world, fee, "refund", amount=500)
    await at_simulator(world, theirs, "restrict")
    await world.simulator_faults({"match": f"GET /v1/events {mine}", "action": "500", "times": 1})
    await find(world)
    await in_status(world, other_provider, "restricted")
    assert (await ledger(provider, fee))["refunded_minor"] == 0
    (question,) = world.rows("SELECT * FROM event_question WHERE account = %s", mine)
    assert (question["asked_at"], question["unanswered_since"] is None) == (None, False)

    intent = intent_of(world, fee)
    refund = {"data.0.type": "refund.created", "data.0.data.object.payment_intent": intent}
    await world.simulator_faults(
        {"match": f"GET /v1/events {mine}", "action": "500"},
        {"match": f"GET /v1/events {theirs}", "action": "mutate", "set": refund | {"data.0.id": "evt_forged"}},
    )
    await find(world)
    assert [one["subject"] for one in heard(world, "evt_forged")] == ["processor:evt_forged"], "kept, and nobody's"
    claims = refund | {"data.0.id": "evt_claimed", "data.0.account": mine}
    await world.simulator_faults(
        {"match": f"GET /v1/events {mine}", "action": "500"},
        {"match": f"GET /v1/events {theirs}", "action": "mutate", "set": claims},
    )
    await find(world)
    assert heard(world, "evt_claimed") == []
    assert (await ledger(provider, fee))["refunded_minor"] == 0

    await lose_webhooks(world, "*")
    await at_simulator(world, theirs, "deauthorize")
    await world.simulator_faults()
    await find(world)
    await ledger_says(provider, fee, refunded_minor=500)
    assert (await in_status(world, other_provider, "disconnected"))["account"] == theirs
    await find(world)
    assert world.rows("SELECT * FROM event_question WHERE account = %s", theirs) == [], "nobody waits for its answer"
    (question,) = world.rows("SELECT * FROM event_question WHERE account = %s", mine)
    assert (question["refusal"], question["unanswered_since"]) == (None, None)


async def test_of_a_single_practice_with_the_worker_killed_and_lost_again_later_it_is_asked_of_operators(
    world: World, provider: Provider
) -> None:
    # A restricted key, and no connected account: fees are taken at the key's own.
    world.execute(f"UPDATE merchant_account SET account = NULL WHERE account = '{provider.seeded.merchant_account}'")
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await lose_webhooks(world, "refund.*", "charge.refunded")
    await in_dashboard(world, fee, "refund", amount=500)
    await world.simulator_faults({"match": "GET /v1/events*", "action": "hold", "times": None})
    before = len(await world.simulator_requests())
    running = await begin(world)

    async def in_the_middle() -> bool:
        return any(one["path"] == "/v1/events" for one in (await world.simulator_requests())[before:])

    await until(in_the_middle, "the question")
    async with away(world, "worker", killed=True):
        await world.simulator_faults()
    assert await running.result() >= 1
    await ledger_says(provider, fee, refunded_minor=500)

    def hours_ago() -> None:
        world.execute("UPDATE external_event SET received_at = received_at - interval '2 hours' WHERE undelivered")

    hours_ago()
    await find(world)
    assert (await provider.get("/api/v1/attention"))["items"] == [], "one outage is no matter"
    await lose_webhooks(world, "refund.*", "charge.refunded")
    await in_dashboard(world, fee, "refund", amount=600)
    await world.simulator_faults()
    await find(world)
    assert "came only when asked for" in (await asked(provider, LOST))["reason"]
    page = await (await owner_of(provider)).page("/console/attention")
    assert "webhooks don" in page

    # Tried again by the processor, they come after all: late, and not lost.
    late = found_by_asking(world, provider)
    assert len(late) >= 4
    for event_id in late:
        event = await at_processor(world, "GET", f"events/{event_id}")
        await ring(world, event["type"], None, event["data"]["object"], event_id=event_id)
    assert found_by_asking(world, provider) == set()
    await find(world)
    assert (await provider.get("/api/v1/attention"))["items"] == []
