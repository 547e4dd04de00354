"""Time moves on while a client stands in front of a checkout: the journey and its booking go along together."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.driver import Provider, ok, until
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import closed


async def test_minutes_pass_in_front_of_a_checkout_and_the_client_pays(
    world: TravellingWorld, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    for _ in range(2):
        await world.advance(minutes=8)
    assert (await person.appointment(appointment["id"]))["status"] == "pending"
    await world.pay(session)
    await person.in_state(appointment["id"], "booked")
    await closed(world, f"client-journey:{person.client_id}")
    items = (await provider.get(f"/api/v1/clients/{person.client_id}/timeline"))["items"]
    at = {item["kind"]: datetime.fromisoformat(item["at"]) for item in items}
    assert timedelta(minutes=16) <= at["appointment_booked"] - at["slot_held"] < timedelta(minutes=20)


async def test_card_declined_or_3_d_secure_running(world: TravellingWorld, provider: Provider) -> None:
    person = await world.ready_client(provider)
    abandoned = ok(await person.book(), 201, 202)
    tab = await person.checkout(abandoned["id"])
    for act in ("decline", "challenge"):
        before = await looks_at(world, tab)
        await at_checkout(world, tab, act)

        async def looked(before: int = before) -> bool:
            return await looks_at(world, tab) > before

        await until(looked, "the booking to look at the payment")
        held = await person.appointment(abandoned["id"])
        assert (held["status"], held["checkout_url"] is not None) == ("pending", True), act
    await world.advance(hours=1)
    await person.in_state(abandoned["id"], "cancelled")
    assert (await world.http.post(checkout_url(world, tab, "confirm"))).status_code == 409, "the bank asks no more"
    # Reminded of nothing, and free to book again.
    appointment = ok(await person.book(), 201, 202)
    tab = await person.checkout(appointment["id"])
    await at_checkout(world, tab, "challenge")
    await at_checkout(world, tab, "confirm")
    await person.in_state(appointment["id"], "booked")
    await closed(world, f"client-journey:{person.client_id}")
    assert (await provider.client(person.client_id))["stage"] == "booked"


async def looks_at(world: TravellingWorld, session_id: str) -> int:
    """How often our booking has asked how the checkout stands, and was answered."""
    path = f"/v1/checkout/sessions/{session_id}"
    return len([one for one in await world.simulator_requests() if (one["method"], one["path"]) == ("GET", path)])


def checkout_url(world: TravellingWorld, session_id: str, act: str) -> str:
    return f"{world.endpoints['simulator_url']}/_sim/sessions/{session_id}/{act}"


async def at_checkout(world: TravellingWorld, session_id: str, act: str) -> None:
    ok(await world.http.post(checkout_url(world, session_id, act)))


async def test_client_closes_the_tab(world: TravellingWorld, provider: Provider) -> None:
    """Nobody ever comes back to a page of ours: timers and webhook finish the job."""
    person = await world.ready_client(provider)
    abandoned = ok(await person.book(), 201, 202)
    tab = await person.checkout(abandoned["id"])
    await at_checkout(world, tab, "close")
    assert (await person.appointment(abandoned["id"]))["status"] == "pending"
    await world.advance(hours=1)
    await person.in_state(abandoned["id"], "cancelled")
    assert (await world.http.post(checkout_url(world, tab, "pay"))).status_code == 409, "its checkout is closed"
    appointment = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    booked = await person.in_state(appointment["id"], "booked")
    assert booked["payment"]["state"] == "captured"
    rung = "SELECT id FROM external_event WHERE source = 'stripe-fees' AND payload ->> 'payment_id' = %s"
    assert world.rows(rung, booked["payment"]["id"])
