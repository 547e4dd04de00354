"""A hold that was made longer: the checkout is open until its new end, and closed then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.driver import Person, Provider, ok, problem
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.processor import Processor


async def held(world: TravellingWorld, provider: Provider) -> tuple[Person, Any, str]:
    """A client in front of a checkout; half an hour."""
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    return person, appointment, await person.checkout(appointment["id"])


async def extend(person: Person, appointment: Any) -> Any:
    return ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/extend-hold"))


def processor(world: TravellingWorld, provider: Provider) -> Processor:
    return Processor(world.stack.plan.state_dir, provider.seeded.merchant_account)


async def test_whoever_takes_more_time_can_pay_after_the_first_end(world: TravellingWorld, provider: Provider) -> None:
    person, appointment, session = await held(world, provider)
    before = datetime.fromisoformat(appointment["hold_expires_at"])
    extended = await extend(person, appointment)
    assert datetime.fromisoformat(extended["hold_expires_at"]) - before == timedelta(minutes=30)
    await world.advance(minutes=45)
    assert (await person.appointment(appointment["id"]))["status"] == "pending"
    assert processor(world, provider).is_open(session)
    await world.pay(session)
    booked = await person.in_state(appointment["id"], "booked")
    assert booked["payment"]["state"] == "captured"
    assert (await provider.timeline(person.client_id)).count("hold_extended") == 1


async def test_a_longer_hold_ends_too_and_nobody_can_pay_then(world: TravellingWorld, provider: Provider) -> None:
    person, appointment, session = await held(world, provider)
    await extend(person, appointment)
    path = f"/api/v1/portal/appointments/{appointment['id']}/extend-hold"
    problem(await person.request("POST", path), "conflict", 409)
    await world.advance(minutes=62)
    await person.in_state(appointment["id"], "cancelled")
    assert not processor(world, provider).is_open(session)
    assert appointment["starts_at"] in await person.slots()
    problem(await person.request("POST", path), "conflict", 409)


async def test_an_extension_of_the_last_moment_holds_before_the_booking_has_heard_of_it(
    world: TravellingWorld, provider: Provider
) -> None:
    """Only the records know of it here: no news ever reaches the booking."""
    person, appointment, session = await held(world, provider)
    world.rows(
        "UPDATE appointment SET hold_expires_at = hold_expires_at + interval '30 minutes' WHERE id = %s RETURNING id",
        appointment["id"],
    )
    await world.advance(minutes=40)
    assert (await person.appointment(appointment["id"]))["status"] == "pending"
    assert processor(world, provider).is_open(session)
    await world.pay(session)
    await person.in_state(appointment["id"], "booked")


async def test_a_longer_hold_that_is_given_up_is_free_at_once(world: TravellingWorld, provider: Provider) -> None:
    person, appointment, session = await held(world, provider)
    await extend(person, appointment)
    await world.advance(minutes=40)
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
    await person.in_state(appointment["id"], "cancelled")
    assert not processor(world, provider).is_open(session)
    assert appointment["starts_at"] in await person.slots()
