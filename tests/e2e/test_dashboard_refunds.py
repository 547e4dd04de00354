"""Refund made in the provider's dashboard: the ledger follows, the appointment stays, the provider decides."""

from __future__ import annotations

from tests.dashboard import asked, in_dashboard, intent_of, ledger, ledger_says, lose_webhooks
from tests.driver import Provider, World, ok, problem, until
from tests.e2e.test_refunds import give_back
from tests.merchants import ring
from tests.staffing import owner_of


async def test_refund_made_in_the_providers_dashboard(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    ok(await give_back(provider, fee, amount_minor=1000), 202)
    await ledger_says(provider, fee, refunded_minor=1000)
    await in_dashboard(world, fee, "refund", amount=1500)
    found = await ledger_says(provider, fee, refunded_minor=2500, refund_due_minor=2500, state="captured")
    told = [(one["amount_minor"], one["cause"], one["status"]) for one in found["refunds"]]
    assert told == [(1000, "staff", "succeeded"), (1500, "processor", "succeeded")]

    boss = await owner_of(provider)
    assert "Made in Stripe" in await boss.page(f"/console/payments/{fee}")
    bill = (await person.http.get(f"{world.base_url}/portal/bill-pay")).text
    assert "$15.00 returned to your card (made by the practice in Stripe)" in bill
    assert problem(await give_back(provider, fee, amount_minor=1501), "conflict", 409)["refundable_minor"] == 1500
    assert (await provider.get("/api/v1/attention"))["items"] == []

    await in_dashboard(world, fee, "refund")
    all_of_it = await ledger_says(provider, fee, refunded_minor=4000, state="refunded")
    assert len(all_of_it["refunds"]) == 3
    assert (await person.appointment(appointment["id"]))["status"] == "booked"
    assert (await provider.timeline(person.client_id)).count("fee_refunded") == 3
    item = await asked(provider, "refunded_past_us")
    assert item["actions"] == ["skip"]
    assert "does the appointment stay?" in await boss.page("/console/attention")
    ok(await provider.request("POST", f"/api/v1/appointments/{appointment['id']}/cancel"))
    await person.in_state(appointment["id"], "cancelled")
    assert len((await ledger(provider, fee))["refunds"]) == 3, "there is nothing left to give back"


async def test_a_dashboard_refund_whose_webhook_was_lost_is_found_before_more_goes_back_than_was_taken(
    world: World, provider: Provider
) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await lose_webhooks(world, "refund.*", "charge.refunded")
    await in_dashboard(world, fee, "refund", amount=3000)
    await world.simulator_faults()
    assert (await ledger(provider, fee))["refunded_minor"] == 0
    ok(await give_back(provider, fee), 202)
    found = await ledger_says(provider, fee, refunded_minor=4000, state="refunded")
    told = sorted((one["amount_minor"], one["cause"]) for one in found["refunds"])
    assert told == [(1000, "staff"), (3000, "processor")]


async def test_more_than_was_taken_is_never_written_down_and_a_person_asked(world: World, provider: Provider) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    lie = {"match": "GET /v1/refunds*", "action": "mutate", "set": {"data.0.amount": 4001}, "times": None}
    await world.simulator_faults(lie)
    await in_dashboard(world, fee, "refund", amount=100)
    await asked(provider, "refunds_differ")
    told = await ledger(provider, fee)
    assert (told["refunded_minor"], told["refunds"]) == (0, [])
    await world.simulator_faults()


async def test_forgery_across_tenants_another_merchants_event_has_nothing_read(
    world: World, provider: Provider, other_provider: Provider
) -> None:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    intent = intent_of(world, fee)
    refund = {"id": "re_forged", "object": "refund", "payment_intent": intent, "amount": 4000, "status": "succeeded"}
    await ring(world, "refund.created", other_provider.seeded.merchant_account, refund)
    await ring(world, "refund.created", provider.seeded.merchant_account, refund)

    async def looked() -> int:
        reads = [one for one in await world.simulator_requests() if one["path"] == "/v1/refunds"]
        return len([one for one in reads if intent in str(one["body"])])

    await until(looked, "the refunds to be read")
    noticed = world.rows(
        "SELECT id FROM external_event WHERE kind = 'taken_payment_noticed' AND subject = %s",
        f"client:{person.client_id}",
    )
    assert len(noticed) == 1, "only the merchant's own event rings"
    assert (await ledger(provider, fee))["refunds"] == [], "what an event says isn't believed"
