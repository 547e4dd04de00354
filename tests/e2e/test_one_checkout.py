"""One checkout at a time: whoever chooses another time in another tab pays for the first one, or releases it."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.dashboard import ledger, ledger_says, struck
from tests.driver import Person, Provider, World, ok, problem, until
from tests.e2e.test_late_payments import at_processor, lost


async def captured(world: World, provider: Provider) -> int:
    """How many payments were taken at the processor, by its own account of them."""
    listed = await at_processor(world, provider, "GET", "payment_intents?limit=100")
    return sum(one["amount_received"] > 0 for one in listed["data"])


async def state_of(world: World, appointment_id: str) -> str:
    return str(world.rows("SELECT state FROM payment WHERE appointment_id = %s", appointment_id)[0]["state"])


async def chosen_on_the_page(person: Person, starts_at: str) -> str:
    page = await person.http.get(f"{person.world.base_url}/portal/book")
    csrf = page.text.split('name="csrf" value="')[1].split('"')[0] if 'name="csrf"' in page.text else ""
    form = {"csrf": csrf, "form_token": "another-tab", "starts_at": starts_at}
    headers = {"Origin": person.world.base_url}
    answer = await person.http.post(f"{person.world.base_url}/portal/book", data=form, headers=headers)
    assert answer.status_code == 402, answer.text[:500]
    return " ".join(answer.text.split())


async def test_two_tabs_that_choose_two_times_at_once_hold_one_of_them(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    times = (await person.slots())[-3:]
    answers = await asyncio.gather(*(person.book(one) for one in times))
    assert sorted(answer.status_code for answer in answers) == [202, 402, 402]
    held = next(answer.json() for answer in answers if answer.status_code == 202)
    for answer in answers:
        if answer.status_code == 402:
            assert problem(answer, "fee-required", 402)["value"] == held["id"]
    blocks = (await provider.get(f"/api/v1/clients/{person.client_id}/can-book"))["blocks"]
    assert [(block["rule"], block["value"]) for block in blocks] == [("fee-required", held["id"])]
    await world.pay(await person.checkout(held["id"]))
    await person.in_state(held["id"], "booked")
    other = next(one for one in times if one != held["starts_at"])
    assert ok(await person.book(other), 202)["id"] != held["id"]
    assert await captured(world, provider) == 1


async def test_the_page_of_the_other_tab_leads_to_the_fee_or_lets_the_first_time_go(
    world: World, provider: Provider
) -> None:
    person = await world.ready_client(provider)
    *_, other, first = await person.slots()
    held = ok(await person.book(first), 202)
    await person.checkout(held["id"])
    page = await chosen_on_the_page(person, other)
    assert "First, the time that you hold" in page
    assert f'/portal/appointments/{held["id"]}">Go on to Bill Pay' in page
    assert f'/portal/appointments/{held["id"]}/cancel">Release it' in page
    ok(await person.request("POST", f"/api/v1/portal/appointments/{held['id']}/cancel"))
    assert ok(await person.book(other), 202)["id"] != held["id"]


async def test_who_pays_in_the_old_tab_after_the_new_choice_pays_once(world: World, provider: Provider) -> None:
    person = await world.ready_client(provider)
    *_, other, first = await person.slots()
    released = ok(await person.book(first), 202)
    old_tab = await person.checkout(released["id"])
    # The processor takes its time to close the first checkout.
    slow = {"match": f"POST /v1/checkout/sessions/{old_tab}/expire", "action": "stall", "times": None}
    await world.simulator_faults(slow)
    ok(await person.request("POST", f"/api/v1/portal/appointments/{released['id']}/cancel"))
    chosen = ok(await person.book(other), 202)
    new_tab = await person.checkout(chosen["id"])
    assert new_tab != old_tab
    await world.pay(old_tab)
    await world.simulator_faults()

    async def let_go() -> bool:
        return await state_of(world, released["id"]) == "voided"

    await until(let_go, "the first fee to be let go")
    await person.in_state(released["id"], "cancelled")
    await world.pay(new_tab)
    await person.in_state(chosen["id"], "booked")
    assert await captured(world, provider) == 1


async def test_paid_twice_in_two_tabs_or_after_moving(world: World, provider: Provider) -> None:
    """One checkout is open for a fee, in however many tabs; a second payment all the same goes back as a duplicate."""
    await provider.change(max_simultaneous_appointments=3)
    person = await world.ready_client(provider)
    wanted = (await person.slots())[-1]
    tabs = [ok(one, 201, 202) for one in await asyncio.gather(*(person.book(wanted) for _ in range(3)))]
    assert len({tab["id"] for tab in tabs}) == 1
    session = await person.checkout(tabs[0]["id"])
    asked = world.rows("SELECT session_id FROM payment WHERE client_id = %s", person.client_id)
    assert [row["session_id"] for row in asked] == [session]
    await world.pay(session)
    booked = await person.in_state(tabs[0]["id"], "booked")
    assert ok(await person.book(wanted), 201, 202)["id"] == booked["id"]
    path = f"/api/v1/portal/appointments/{booked['id']}"
    ok(await person.request("POST", f"{path}/move", json={"starts_at": (await person.slots())[0]}))
    moved = await person.appointment(booked["id"])
    assert (moved["payment"]["id"], moved["payment"]["state"]) == (booked["payment"]["id"], "captured")
    bill = f"{world.base_url}/portal/bill-pay"
    assert "Nothing to pay." in (await person.http.get(bill)).text
    assert len(world.rows("SELECT id FROM payment WHERE client_id = %s", person.client_id)) == 1

    # Times that fell away with their checkouts open, and another that was booked and paid since.
    person, held, old_tab = await lost(world, provider)
    _, taken, older_tab = await lost(world, provider, person)
    other = ok(await person.book((await person.slots())[0]), 201, 202)
    await world.pay(await person.checkout(other["id"]))
    await person.in_state(other["id"], "booked")
    await world.pay(old_tab)

    async def became(appointment_id: str, state: str) -> None:
        async def look() -> bool:
            return await state_of(world, appointment_id) == state

        await until(look, f"the second payment to be {state}")

    await became(held["id"], "voided")
    intent = await intent_at_processor(world, provider, old_tab)
    assert (intent["status"], intent["cancellation_reason"]) == ("canceled", "duplicate")
    # Captured in the dashboard before we have closed it.
    closing = {"match": f"POST /v1/checkout/sessions/{older_tab}/expire", "action": "stall", "times": 1}
    await world.simulator_faults(closing)
    await world.pay(older_tab)
    await struck(world)
    intent = await intent_at_processor(world, provider, older_tab)
    await at_processor(world, provider, "POST", f"payment_intents/{intent['id']}/capture")
    await world.simulator_faults()
    await became(taken["id"], "refunded")
    listed = await at_processor(world, provider, "GET", f"refunds?payment_intent={intent['id']}")
    assert [(one["amount"], one["reason"]) for one in listed["data"]] == [(4000, "duplicate")]
    causes = [one["cause"] for one in (await ledger(provider, taken["payment"]["id"]))["refunds"]]
    assert causes == ["duplicate"]
    await world.mail(person.address, "goes back")
    assert "$40.00 returned to your card (you had paid twice)" in (await person.http.get(bill)).text
    assert [(await person.appointment(one["id"]))["status"] for one in (held, taken)] == ["cancelled"] * 2
    assert (await person.appointment(other["id"]))["payment"]["state"] == "captured"


async def intent_at_processor(world: World, provider: Provider, session: str) -> Any:
    path = f"checkout/sessions/{session}?expand[]=payment_intent"
    return (await at_processor(world, provider, "GET", path))["payment_intent"]


async def test_capture_twice_and_cancel_after_capture(world: World, provider: Provider) -> None:
    """Refused as done already, it is read again: done where that is how it stands, put right where it isn't."""
    person = await world.ready_client(provider)
    appointment = ok(await person.book(), 202)
    session = await person.checkout(appointment["id"])
    await world.simulator_faults({"match": "POST /v1/payment_intents/*/capture", "action": "stall", "times": 1})
    await world.pay(session)
    await struck(world)
    intent = (await intent_at_processor(world, provider, session))["id"]
    await at_processor(world, provider, "POST", f"payment_intents/{intent}/capture")
    await world.simulator_faults()
    booked = await person.in_state(appointment["id"], "booked")
    assert booked["payment"]["state"] == "captured"
    assert await answers(world, f"{intent}/capture") == [400]
    assert await captured(world, provider) == 1

    # Called off while it is authorised; captured before the authorisation is let go, and no word of it comes.
    appointment = ok(await person.book(), 202)
    session = await person.checkout(appointment["id"])
    silence = [
        {"match": one, "action": "drop", "times": None} for one in ("checkout.*", "payment_intent.*", "charge.*")
    ]
    read = {"match": f"GET /v1/checkout/sessions/{session}", "action": "stall", "times": 1}
    await world.simulator_faults(*silence, read)
    await struck(world)
    await world.pay(session)
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
    untold = "SELECT id FROM external_event WHERE subject = %s AND handled_at IS NULL"

    async def told() -> bool:
        return world.rows(untold, f"client:{person.client_id}") == []

    await until(told, "the booking to be told")
    await world.simulator_faults(
        *silence, {"match": "POST /v1/payment_intents/*/cancel", "action": "stall", "times": 1}
    )
    await struck(world)
    intent = (await intent_at_processor(world, provider, session))["id"]
    await at_processor(world, provider, "POST", f"payment_intents/{intent}/capture")
    await world.simulator_faults(*silence)
    given_back = await ledger_says(provider, appointment["payment"]["id"], state="refunded")
    await world.simulator_faults()
    assert (given_back["refunded_minor"], await answers(world, f"{intent}/cancel")) == (4000, [400])
    assert (await person.appointment(appointment["id"]))["status"] == "cancelled"
    assert (await provider.get("/api/v1/attention"))["items"] == []


async def answers(world: World, path: str) -> list[int]:
    """To our own requests there."""
    return [one["status"] for one in await world.simulator_requests() if one["path"].endswith(path)]
