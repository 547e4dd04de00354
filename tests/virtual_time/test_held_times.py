"""Time moves on while a client stands in front of a checkout: the journey and its booking go along together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.driver import Person, Provider, ok
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.processor import Processor
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


async def left_at(world: TravellingWorld, person: Person, act: str) -> tuple[Any, str]:
    """An appointment whose checkout was opened, and what the client did there."""
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    path = f"{world.endpoints['simulator_url']}/_sim/sessions/{session}/{act}"
    ok(await world.http.post(path, json={"seconds": 3600} if act == "later" else {}))  # 3-D Secure takes its time
    return appointment, session


async def test_client_closes_the_tab(world: TravellingWorld, provider: Provider) -> None:
    """Nobody ever comes back to a page of ours: timers and webhook finish the job."""
    person = await world.ready_client(provider)
    abandoned, session = await left_at(world, person, "close")
    assert (await person.appointment(abandoned["id"]))["status"] == "pending"
    await world.advance(hours=1)
    await person.in_state(abandoned["id"], "cancelled")
    assert not Processor(world.stack.plan.state_dir, provider.seeded.merchant_account).is_open(session)
    appointment, session = await left_at(world, person, "pay")
    booked = await person.in_state(appointment["id"], "booked")
    assert booked["payment"]["state"] == "captured"
    rung = "SELECT id FROM external_event WHERE source = 'stripe-fees' AND payload ->> 'payment_id' = %s"
    assert world.rows(rung, booked["payment"]["id"])
    await closed(world, f"client-journey:{person.client_id}")
    assert (await provider.client(person.client_id))["stage"] == "booked"


async def test_card_declined_or_3_d_secure_running(world: TravellingWorld, provider: Provider) -> None:
    """The session stays open, the time held; the hold's end decides, and nothing else."""
    processor = Processor(world.stack.plan.state_dir, provider.seeded.merchant_account)
    person = await world.ready_client(provider)
    for act, ends in (("decline", "booked"), ("later", "cancelled")):
        appointment, session = await left_at(world, person, act)
        await world.advance(minutes=10)
        assert (await person.appointment(appointment["id"]))["status"] == "pending"
        if act == "decline":
            assert processor.is_open(session)
            await world.pay(session)
        else:
            await world.advance(minutes=25)
        settled = await person.in_state(appointment["id"], ends)
        assert not processor.is_open(session)
        assert settled["payment"]["state"] == ("captured" if ends == "booked" else "expired")
    assert [one.captured for one in processor.money() if one.captured] == [4000]
    assert (await provider.get("/api/v1/attention"))["items"] == []
