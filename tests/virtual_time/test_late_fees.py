"""Late fees and time: what is offered, is offered until then; afterwards the money goes back by itself."""

from __future__ import annotations

from datetime import timedelta

from tests.driver import Provider, ok
from tests.e2e.test_late_payments import given_away, payments
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import closed, pay_and_book, slot_in


async def test_a_fee_for_which_no_other_time_is_chosen_goes_back_after_three_days(
    world: TravellingWorld, provider: Provider
) -> None:
    person, appointment = await given_away(world, provider)
    await world.mail(person.address, "choose another time")
    await world.advance(days=2, hours=23)
    assert (await person.appointment(appointment["id"]))["choose_until"] is not None
    assert payments(world, person) == [("authorized", 0)]
    await world.advance(hours=2)
    await world.mail(person.address, "goes back")
    await closed(world, f"booking:{appointment['id']}")
    assert payments(world, person) == [("voided", 0)]
    path = f"/api/v1/portal/appointments/{appointment['id']}/move"
    late = await person.request("POST", path, json={"starts_at": (await person.slots())[0]})
    assert late.status_code == 409
    again = ok(await person.book(), 201, 202)
    assert again["id"] != appointment["id"], "a new claim, with a fee of its own"


async def test_a_fee_that_is_asked_again_and_not_paid_frees_the_time(
    world: TravellingWorld, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    await world.simulator_faults({"match": "POST /v1/payment_intents/*/capture", "action": "decline", "times": 1})
    await world.pay(await person.checkout(appointment["id"]))
    await world.mail(person.address, "pay the fee")
    await world.advance(hours=21)
    assert (await person.appointment(appointment["id"]))["status"] == "pending"
    await world.advance(hours=2)
    await person.in_state(appointment["id"], "cancelled")
    await closed(world, f"booking:{appointment['id']}")
    assert payments(world, person) == [("voided", 0), ("expired", 0)]
    assert appointment["starts_at"] in await person.slots()


async def test_sixty_days_of_a_stranger_from_the_website(world: TravellingWorld, provider: Provider) -> None:
    """Takes two weeks over the form, moves the appointment twice, and comes."""
    person = await world.anonymous_client(provider)
    await world.advance(days=14)
    await person.submit_intake()
    await world.advance(days=20)
    appointment = await pay_and_book(world, person, await slot_in(world, person, days=7))
    for days in (9, 12):
        later = await slot_in(world, person, days=days)
        path = f"/api/v1/portal/appointments/{appointment}/move"
        ok(await person.request("POST", path, json={"starts_at": later}))
        await world.advance(days=3)
    left = timedelta(days=60) - timedelta(days=14 + 20 + 6)
    await world.advance(days=left.days)
    await person.in_state(appointment, "fulfilled")
    await closed(world, f"booking:{appointment}")
    timeline = await provider.timeline(person.client_id)
    for kind, times in (("intake_reminder_sent", 2), ("appointment_reminder_sent", 1), ("fee_captured", 1)):
        assert timeline.count(kind) == times, kind
