"""What a sign-up sets off beside the client's way doesn't hold the client up."""

from __future__ import annotations

import pytest

from tests.driver import Provider, World, new_address, ok, until


async def refuse(world: World, *faults: dict[str, object]) -> None:
    ok(await world.http.put(f"{world.endpoints['mailbox_url']}/api/faults", json=list(faults)), 200, 204)


async def waiting_steps(provider: Provider, client_id: str) -> list[str]:
    items = (await provider.get("/api/v1/attention"))["items"]
    return [item["step"] for item in items if item["client_id"] == client_id]


async def test_a_refused_greeting_keeps_nobody_from_the_intake_form_and_a_time(
    world: World, provider: Provider
) -> None:
    address = new_address()
    await refuse(world, {"to": address, "reply": 550, "times": 1, "subject": "welcome"})
    ok(await world.sign_up(provider, email=address), 202)

    person = await world.open_account(provider, address)
    await person.submit_intake()
    appointment = ok(await person.book(), 201, 202)
    await world.pay(await person.checkout(appointment["id"]))
    await person.in_state(appointment["id"], "booked")

    step = f"greeting:{person.client_id}"
    assert await waiting_steps(provider, person.client_id) == [step]
    assert (await provider.client(person.client_id))["stage"] == "booked"
    ok(await provider.request("POST", f"/api/v1/clients/{person.client_id}/retry"), 200, 202)
    await provider.told(person.client_id, "greeting_sent")
    assert len(await world.mails(address, "welcome")) == 1


async def test_a_front_desk_that_takes_no_mail_keeps_nobody_waiting(world: World, provider: Provider) -> None:
    await refuse(world, {"to": provider.seeded.front_desk, "reply": 451, "times": 50})
    person = await world.ready_client(provider)
    await refuse(world)
    assert (await provider.client(person.client_id))["stage"] == "ready"


@pytest.mark.parametrize("subject", ["welcome", "client portal"])
async def test_withdrawing_ends_what_is_stuck(world: World, provider: Provider, subject: str) -> None:
    address = new_address()
    await refuse(world, {"to": address, "reply": 550, "times": 1, "subject": subject})
    ok(await world.sign_up(provider, email=address), 202)
    client_id = world.rows("SELECT id FROM client WHERE email = %s", address)[0]["id"]

    async def stuck() -> bool:
        return bool(await waiting_steps(provider, client_id))

    await until(stuck, "the call for attention")
    ok(await provider.request("POST", f"/api/v1/clients/{client_id}/withdraw", json={"reason": "no fit"}), 200, 202)
    closed = await provider.stage(client_id, "closed")
    assert closed["outcome"] == "withdrawn"

    async def settled() -> bool:
        return not await waiting_steps(provider, client_id)

    await until(settled, "nobody to be asked any more")
    assert len(await world.mails(address, subject)) == 0
