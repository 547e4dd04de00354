"""Refund fails: the state follows the bank's, a person is asked, and the client is told of it only after success."""

from __future__ import annotations

from tests.dashboard import asked, in_dashboard, intent_of, ledger_says
from tests.driver import Person, Provider, World, ok, until
from tests.e2e.test_refunds import give_back
from workflows.naming import booking_id


async def bill(person: Person) -> str:
    page = await person.http.get(f"{person.world.base_url}/portal/bill-pay")
    return " ".join(page.text.split())


async def the_bank(world: World, payment_id: str, act: str) -> None:
    """Once there is a refund that it can happen to."""
    path = f"{world.endpoints['simulator_url']}/_sim/payment_intents/{intent_of(world, payment_id)}/{act}"

    async def done() -> bool:
        return (await world.http.post(path, json={})).status_code == 200

    await until(done, act)


async def test_refund_fails(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await in_dashboard(world, fee, "refunds_wait")
    # There isn't enough on the practice's balance: refused at once, and a person asked.
    await world.simulator_faults({"match": "POST /v1/refunds", "action": "decline", "times": 1})
    ok(await give_back(provider, fee, amount_minor=1500), 202)
    item = await asked(provider, "refund:")
    assert "retry" in item["actions"]
    assert "$15.00 is being returned to your card" in await bill(person)
    ok(await provider.request("POST", f"/api/v1/clients/{person.client_id}/retry"), 200, 202)
    await the_bank(world, fee, "refund_arrives")
    await ledger_says(provider, fee, refunded_minor=1500)
    assert "$15.00 returned to your card" in await bill(person)
    assert (await provider.timeline(person.client_id)).count("fee_refunded") == 1

    # The card was closed: it takes days until the bank says so, and is on its way until then.
    ok(await give_back(provider, fee), 202)
    found = await ledger_says(provider, fee, refund_due_minor=4000, refunded_minor=1500)
    assert [one["status"] for one in found["refunds"]] == ["succeeded", "pending"]
    assert "$25.00 is being returned to your card" in await bill(person)
    await the_bank(world, fee, "refund_fails")
    item = await asked(provider, "refund_failed:")
    assert (item["reason"], item["actions"]) == ("the bank refused the refund", ["skip"])
    found = await ledger_says(provider, fee, refunded_minor=1500, state="captured")
    assert [one["status"] for one in found["refunds"]] == ["succeeded", "failed"]
    assert "could not be returned to your card yet; the practice is looking into it" in await bill(person)
    assert (await provider.timeline(person.client_id)).count("fee_refunded") == 1


async def test_a_refund_that_fails_before_our_own_call_is_answered_has_failed(world: World, provider: Provider) -> None:
    _, appointment = await world.booked_client(provider)
    fee = appointment["payment"]["id"]
    await in_dashboard(world, fee, "refunds_wait")
    await world.simulator_faults({"match": "POST /v1/refunds", "action": "hold"})
    ok(await give_back(provider, fee), 202)
    await the_bank(world, fee, "refund_fails")
    await asked(provider, "refund_failed:")
    await world.simulator_faults()
    booking = (await world.engine()).get_workflow_handle(booking_id(appointment["id"]))

    async def answered() -> bool:
        return not (await booking.describe()).raw_description.pending_activities

    await until(answered, "our own call to be answered")
    found = await ledger_says(provider, fee, refunded_minor=0, refund_due_minor=4000)
    assert [one["status"] for one in found["refunds"]] == ["failed"]
