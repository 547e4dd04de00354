"""Time moves on while a client stands in front of a checkout: the journey and its booking go along together."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.driver import Provider, ok
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


async def test_a_hold_ends_and_the_client_is_reminded_of_nothing_and_can_book_again(
    world: TravellingWorld, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    abandoned = ok(await person.book(), 201, 202)
    await person.checkout(abandoned["id"])
    await world.advance(hours=1)
    await person.in_state(abandoned["id"], "cancelled")
    appointment = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    await person.in_state(appointment["id"], "booked")
    await closed(world, f"client-journey:{person.client_id}")
    assert (await provider.client(person.client_id))["stage"] == "booked"
