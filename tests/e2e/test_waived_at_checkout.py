"""A fee that is waived while the client is at the checkout: it is closed, and the appointment stands without one."""

from __future__ import annotations

from tests.driver import Provider, World, ok
from tests.e2e.test_late_payments import at_processor
from tests.e2e.test_one_checkout import captured, state_of


async def waive(provider: Provider, client_id: str) -> None:
    path = f"/api/v1/clients/{client_id}/fee-waiver"
    ok(await provider.request("POST", path, json={"reason": "hardship"}), 201)


async def test_a_fee_waived_while_it_is_due_books_the_time_and_closes_the_checkout(
    world: World, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    held = ok(await person.book(), 202)
    tab = await person.checkout(held["id"])
    await waive(provider, person.client_id)
    await person.in_state(held["id"], "booked")
    assert (await at_processor(world, provider, "GET", f"checkout/sessions/{tab}"))["status"] == "expired"
    assert await state_of(world, held["id"]) == "expired"
    await world.mail(person.address, "confirmed")
    assert await captured(world, provider) == 0
    page = (await person.request("GET", f"/portal/appointments/{held['id']}")).text
    assert "the practice has waived the fee" in page
    assert "Not paid" not in page
    path = f"/api/v1/clients/{person.client_id}/fee-waiver"
    assert (await provider.get(path))["waiver"] is None, "it is used: the next one has a fee again"
    assert (await person.get("/api/v1/portal/fee-quote"))["quote"] is not None


async def test_who_pays_in_the_moment_of_the_waiver_is_booked_and_not_charged(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    held = ok(await person.book(), 202)
    tab = await person.checkout(held["id"])
    # The processor takes its time to close the checkout, and tells of nothing meanwhile.
    await world.simulator_faults(
        {"match": f"POST /v1/checkout/sessions/{tab}/expire", "action": "stall", "times": None},
        *({"match": one, "action": "drop", "times": 9} for one in ("checkout.*", "payment_intent.*", "charge.*")),
    )
    await waive(provider, person.client_id)
    await world.pay(tab)
    await world.simulator_faults()
    await person.in_state(held["id"], "booked")
    assert await state_of(world, held["id"]) == "voided"
    assert await captured(world, provider) == 0


async def test_a_waiver_after_the_fee_was_paid_is_for_the_appointment_after(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    await waive(provider, person.client_id)
    assert await state_of(world, appointment["id"]) == "captured"
    second = ok(await person.book(), 201, 202)
    assert (await person.in_state(second["id"], "booked"))["payment"] is None
    assert await captured(world, provider) == 1
