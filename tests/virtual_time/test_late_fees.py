"""Fees and time: what is offered, or asked once more, is so until then; afterwards it goes back by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.dashboard import struck
from tests.driver import Person, Provider, ok, text_of, until
from tests.e2e.test_late_payments import at_processor, lost, payments
from tests.merchants import at_simulator
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import closed, pay_and_book, slot_in


async def booked_by_somebody_else(provider: Provider, starts_at: str) -> None:
    other = {"client_id": (await provider.invite())["id"], "starts_at": starts_at}
    ok(await provider.request("POST", "/api/v1/appointments", json=other), 201)


async def test_paid_after_the_hold_ended(world: TravellingWorld, provider: Provider) -> None:
    """The same time where it is free, else another one until the time that is stated; else the money by itself."""
    person, appointment, session = await lost(world, provider)
    assert appointment["starts_at"] in await person.slots()
    await world.pay(session)
    booked = await person.in_state(appointment["id"], "booked")
    assert (booked["starts_at"], booked["payment"]["state"]) == (appointment["starts_at"], "captured")
    assert appointment["starts_at"] not in await person.slots()
    await world.mail(person.address, "confirmed")
    timeline = await provider.timeline(person.client_id)
    assert (timeline.count("fee_captured"), timeline.count("appointment_booked")) == (1, 1)

    # Given to somebody else, the fee once authorised and once taken already, in the processor's dashboard.
    late = []
    for in_dashboard in (False, True):
        late.append(await lost(world, provider))
        person, appointment, session = late[-1]
        await booked_by_somebody_else(provider, appointment["starts_at"])
        if in_dashboard:  # taken there before we have closed it
            closing = {"match": f"POST /v1/checkout/sessions/{session}/expire", "action": "stall", "times": 1}
            await world.simulator_faults(closing)
        await world.pay(session)
        if in_dashboard:
            await struck(world)
            paid = await at_processor(world, provider, "GET", f"checkout/sessions/{session}")
            await at_processor(world, provider, "POST", f"payment_intents/{paid['payment_intent']}/capture")
            await world.simulator_faults()
        text = text_of(await world.mail(person.address, "choose another time"))
        until_then = datetime.fromisoformat((await person.appointment(appointment["id"]))["choose_until"])
        assert timedelta(days=2, hours=23) < until_then - await world.now() <= timedelta(days=3)
        assert f"{until_then.astimezone(ZoneInfo('America/New_York')):%B} " in text, "it says until when"
    await world.advance(days=2, hours=23)
    assert [payments(world, one) for one, _, _ in late] == [[("authorized", 0)], [("captured", 0)]]
    assert (await person.appointment(appointment["id"]))["choose_until"] is not None
    await world.advance(hours=2)
    for one, theirs, _ in late:
        await world.mail(one.address, "goes back")
        await closed(world, f"booking:{theirs['id']}")
    assert [payments(world, one) for one, _, _ in late] == [[("voided", 0)], [("refunded", 4000)]]
    path = f"/api/v1/portal/appointments/{appointment['id']}/move"
    too_late = await person.request("POST", path, json={"starts_at": (await person.slots())[0]})
    assert too_late.status_code == 409
    again = ok(await person.book(), 201, 202)
    assert again["id"] != appointment["id"], "a new claim, with a fee of its own"


async def asked_again(person: Person, appointment: Any, first: str) -> str:
    """The second checkout of the same fee."""
    text = text_of(await person.world.mail(person.address, "pay the fee"))
    assert "You have not been charged" in text

    async def second() -> str | None:
        session = await person.checkout(appointment["id"])
        return session if session != first else None

    session = await until(second, "a new checkout")
    page = await person.http.get(f"{person.world.base_url}/portal/appointments/{appointment['id']}")
    assert "Your bank did not release the fee" in page.text
    return session


async def test_capture_fails(world: TravellingWorld, provider: Provider) -> None:
    """Asked for once more while the time is kept; then it is released. Nobody tries for ever."""
    person = await world.ready_client(provider)
    ran_out = ok(await person.book(), 201, 202)
    first = await person.checkout(ran_out["id"])
    # The bank has let the authorisation go by the time that we look.
    await world.simulator_faults({"match": f"GET /v1/checkout/sessions/{first}", "action": "stall", "times": 1})
    await struck(world)
    await world.pay(first)
    paid = await at_processor(world, provider, "GET", f"checkout/sessions/{first}")
    await at_processor(world, provider, "POST", f"payment_intents/{paid['payment_intent']}/cancel")
    await world.simulator_faults()
    await asked_again(person, ran_out, first)

    payer = await world.ready_client(provider)
    refused = ok(await payer.book(), 201, 202)
    await world.simulator_faults({"match": "POST /v1/payment_intents/*/capture", "action": "decline", "times": 1})
    await world.pay(first := await payer.checkout(refused["id"]))
    await world.pay(await asked_again(payer, refused, first))
    assert (await payer.in_state(refused["id"], "booked"))["payment"]["state"] == "captured"
    assert payments(world, payer) == [("voided", 0), ("captured", 0)]
    assert (await provider.get("/api/v1/attention"))["items"] == []

    await world.advance(hours=21)
    assert (await person.appointment(ran_out["id"]))["status"] == "pending"
    await world.advance(hours=2)
    await person.in_state(ran_out["id"], "cancelled")
    await closed(world, f"booking:{ran_out['id']}")
    assert payments(world, person) == [("voided", 0), ("expired", 0)]
    assert ran_out["starts_at"] in await person.slots()
    await restricted_meanwhile(world, payer)


async def restricted_meanwhile(world: TravellingWorld, person: Person) -> None:
    """The account takes no money any more when the fee is to be taken: there is nothing to pay again to."""
    provider = person.provider
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    capture = {"match": "POST /v1/payment_intents/*/capture", "action": "stall", "times": 1}
    await world.simulator_faults(capture)
    await world.pay(session)
    await struck(world)
    await at_simulator(world, provider.seeded.merchant_account, "restrict")
    await world.simulator_faults(capture | {"action": "decline"})
    await person.in_state(appointment["id"], "cancelled")
    await world.simulator_faults()
    await closed(world, f"booking:{appointment['id']}")
    assert payments(world, person)[-2:] == [("voided", 0), ("requested", 0)]
    steps = [one["step"] for one in (await provider.get("/api/v1/attention"))["items"]]
    assert "pre_payment" in steps
    intent = world.rows("SELECT payment_intent_id FROM payment WHERE session_id = %s", session)[0]["payment_intent_id"]
    tried = [one for one in await world.simulator_requests() if one["path"].endswith(f"{intent}/capture")]
    assert len(tried) <= 2


async def test_sixty_days_of_a_stranger_from_the_website(world: TravellingWorld, provider: Provider) -> None:
    """Takes two weeks over the form, moves the appointment twice, and comes."""
    person = await world.anonymous_client(provider)
    await world.advance(days=14)
    await person.submit_intake()
    await world.advance(days=20)
    appointment = await pay_and_book(world, person, await slot_in(world, person, days=7))
    for days in (10, 13):
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
