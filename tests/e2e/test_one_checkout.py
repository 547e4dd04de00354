"""One checkout at a time: whoever chooses another time in another tab pays for the first one, or releases it."""

from __future__ import annotations

import asyncio

from tests.driver import Person, Provider, World, ok, problem, until
from tests.e2e.test_late_payments import at_processor


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
