"""Webhooks lost for good: a payment is found by asking, and what happens later by the processor's list of events."""

from __future__ import annotations

from tests.dashboard import in_dashboard, ledger, ledger_says, lose_webhooks
from tests.driver import Provider, ok
from tests.e2e.test_compared_money import compare
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import closed


async def test_webhook_lost_for_good(world: TravellingWorld, provider: Provider) -> None:
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    await lose_webhooks(world, "checkout.*", "payment_intent.*", "charge.*", "refund.*")
    await world.pay(session)
    booked = await person.in_state(appointment["id"], "booked")
    fee = booked["payment"]["id"]
    assert booked["payment"]["state"] == "captured", "found by asking"
    rung = "SELECT kind FROM external_event WHERE source = 'stripe-fees' AND tenant = %s"
    assert world.rows(rung, provider.seeded.merchant_account) == []

    # Two months later nobody asks after that payment any more, not even the daily comparison.
    await world.simulator_faults()
    await world.advance(days=60)
    await closed(world, f"booking:{appointment['id']}")
    await lose_webhooks(world, "charge.*")
    await in_dashboard(world, fee, "dispute")
    await world.simulator_faults()
    assert (await ledger(provider, fee))["disputed"] is False
    for _ in range(2):
        await compare(world)
        await ledger_says(provider, fee, disputed=True)
    assert (await provider.timeline(person.client_id)).count("dispute_opened") == 1
