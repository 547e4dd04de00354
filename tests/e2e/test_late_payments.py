"""Late payments: a fee that comes in after its time was let go buys that time, another one, or goes back by itself."""

from __future__ import annotations

from typing import Any

from temporalio.client import WorkflowExecutionStatus

from tests.driver import Person, Provider, World, ok, problem, until
from workflows.naming import booking_id


async def lost(world: World, provider: Provider, person: Person | None = None) -> tuple[Person, dict[str, Any], str]:
    """A client in front of an open checkout whose time was let go and whose booking is over: as after a restore."""
    person = person or await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    session = await person.checkout(appointment["id"])
    await (await world.engine()).get_workflow_handle(booking_id(appointment["id"])).terminate("as after a restore")
    world.rows(
        "UPDATE appointment SET status = 'cancelled', cancelled_by = 'system', cancel_reason = 'not_paid',"
        " hold_expires_at = NULL WHERE id = %s RETURNING id",
        appointment["id"],
    )
    return person, appointment, session


async def given_away(world: World, provider: Provider) -> tuple[Person, dict[str, Any]]:
    """Somebody else has booked the time when the fee comes in."""
    person, appointment, session = await lost(world, provider)
    other = await world.ready_client(provider)
    taken = ok(await other.book(appointment["starts_at"]), 201, 202)
    await world.pay(await other.checkout(taken["id"]))
    await other.in_state(taken["id"], "booked")
    await world.pay(session)

    async def choosing() -> Any:
        found = await person.appointment(appointment["id"])
        return found if found["choose_until"] else None

    return person, await until(choosing, "another time being offered")


async def closed(world: World, appointment: dict[str, Any]) -> None:
    async def look() -> bool:
        described = await (await world.engine()).get_workflow_handle(booking_id(appointment["id"])).describe()
        return described.status is WorkflowExecutionStatus.COMPLETED

    await until(look, "the booking to be over")


def payments(world: World, person: Person) -> list[tuple[str, int]]:
    rows = world.rows(
        "SELECT state, refunded_minor FROM payment WHERE client_id = %s ORDER BY created_at", person.client_id
    )
    return [(row["state"], row["refunded_minor"]) for row in rows]


async def test_one_whose_time_was_given_away_chooses_another_without_paying_again(
    world: World, provider: Provider
) -> None:
    person, appointment = await given_away(world, provider)
    assert appointment["status"] == "cancelled"
    text = (await world.mail(person.address, "choose another time")).as_string()
    assert f"/portal/appointments/{appointment['id']}" in text
    assert (await person.get("/api/v1/portal/me"))["next_step"] == "book"
    page = await person.http.get(f"{world.base_url}/portal/book", follow_redirects=True)
    assert page.url.path == f"/portal/appointments/{appointment['id']}/move"
    assert "You have paid already" in page.text
    refused = await person.book(appointment["starts_at"])
    problem(refused, "slot-taken", 409)
    wanted = (await person.slots())[0]
    chosen = ok(await person.book(wanted), 201, 202)
    assert chosen["id"] == appointment["id"]
    booked = await person.in_state(appointment["id"], "booked")
    assert (booked["starts_at"], booked["payment"]["state"], booked["choose_until"]) == (wanted, "captured", None)
    assert payments(world, person) == [("captured", 0)]
    await provider.told(person.client_id, "confirmation_sent")
    assert len(await world.mails(person.address, "confirmed")) == 1
    assert await world.mails(person.address, "new time") == []


async def test_the_front_desk_can_choose_for_the_client(world: World, provider: Provider) -> None:
    person, appointment = await given_away(world, provider)
    wanted = (await person.slots())[1]
    moved = ok(
        await provider.request("POST", f"/api/v1/appointments/{appointment['id']}/move", json={"starts_at": wanted})
    )
    assert moved["starts_at"] == wanted
    booked = await person.in_state(appointment["id"], "booked")
    assert booked["payment"]["state"] == "captured"


async def test_one_who_wants_the_money_back_is_not_charged(world: World, provider: Provider) -> None:
    person, appointment = await given_away(world, provider)
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"), 200)
    text = (await world.mail(person.address, "goes back")).as_string()
    assert "has not been taken" in text
    await closed(world, appointment)
    assert payments(world, person) == [("voided", 0)]
    assert (await person.appointment(appointment["id"]))["choose_until"] is None
    assert (await provider.get("/api/v1/attention"))["items"] == []


async def at_processor(world: World, provider: Provider, method: str, path: str) -> Any:
    """What the practice's people can do at the processor, past us."""
    headers = {
        "authorization": f"Bearer {world.stack.variables()['PORTICO_STRIPE_KEY']}",
        "stripe-account": provider.seeded.merchant_account,
    }
    return ok(await world.http.request(method, f"{world.endpoints['simulator_url']}/v1/{path}", headers=headers))


async def test_a_fee_that_is_refused_twice_frees_the_time_and_asks_a_person(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 201, 202)
    first = await person.checkout(appointment["id"])
    await world.simulator_faults({"match": "POST /v1/payment_intents/*/capture", "action": "decline", "times": 2})
    await world.pay(first)

    async def second() -> str | None:
        session = await person.checkout(appointment["id"])
        return session if session != first else None

    await world.pay(await until(second, "a new checkout"))
    await person.in_state(appointment["id"], "cancelled")
    await closed(world, appointment)
    assert payments(world, person) == [("voided", 0), ("voided", 0)]
    item = (await provider.get("/api/v1/attention"))["items"][0]
    assert (item["step"], "card_declined" in item["reason"]) == ("capture_pre_payment", True)
    page = await person.http.get(f"{world.base_url}/portal/appointments/{appointment['id']}")
    assert "Your bank didn't release the fee" in page.text.replace("&#39;", "'")


async def test_webhook_arrives_before_our_own_api_call_returned(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    await world.simulator_faults({"match": "POST /v1/checkout/sessions*", "action": "hold", "times": 1})
    appointment = ok(await person.book(), 201, 202)
    assert appointment["checkout_url"] is None
    session = await opened_at_processor(world, provider)
    await world.pay(session)

    async def waits() -> bool:
        kept = "SELECT payload FROM external_event WHERE source = 'stripe-fees' AND kind = 'checkout.session.completed'"
        return any(row["payload"]["object"] == session for row in world.rows(kept))

    await until(waits, "the envelope")
    assert world.rows("SELECT session_id FROM payment WHERE id = %s", appointment["payment"]["id"]) == [
        {"session_id": None}
    ], "we don't know yet that it is ours"
    assert (await person.appointment(appointment["id"]))["status"] == "pending"
    await world.simulator_faults()
    booked = await person.in_state(appointment["id"], "booked")
    assert booked["payment"]["state"] == "captured"
    assert payments(world, person) == [("captured", 0)]


async def opened_at_processor(world: World, provider: Provider) -> str:
    """The account's newest session, of which we haven't been told yet."""

    async def look() -> str | None:
        found = (await at_processor(world, provider, "GET", "checkout/sessions"))["data"]
        return str(found[0]["id"]) if found else None

    return await until(look, "a session at the processor")
