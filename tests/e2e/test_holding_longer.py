"""More time to pay, by API: once, for one's own time, while there is something to pay."""

from __future__ import annotations

from tests.driver import Provider, World, ok, problem


async def test_more_time_is_given_once_and_to_nobody_else(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    other = await world.invited_client(provider)
    appointment = ok(await person.book(), 201, 202)
    path = f"/api/v1/portal/appointments/{appointment['id']}/extend-hold"
    session = await person.checkout(appointment["id"])
    problem(await other.request("POST", path), "not-found", 404)
    problem(await world.http.post(f"{world.base_url}{path}"), "unauthorized", 401)
    extended = ok(await person.request("POST", path))
    assert extended["hold_expires_at"] > appointment["hold_expires_at"]
    assert extended["checkout_url"] == (await person.appointment(appointment["id"]))["checkout_url"]
    problem(await person.request("POST", path), "conflict", 409)
    assert (await person.appointment(appointment["id"]))["hold_expires_at"] == extended["hold_expires_at"]
    await world.pay(session)
    await person.in_state(appointment["id"], "booked")
    problem(await person.request("POST", path), "conflict", 409)
    assert (await provider.timeline(person.client_id)).count("hold_extended") == 1


async def test_what_costs_nothing_or_is_given_up_needs_no_time(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    appointment = ok(await person.book(), 201, 202)
    await person.checkout(appointment["id"])
    path = f"/api/v1/portal/appointments/{appointment['id']}"
    ok(await person.request("POST", f"{path}/cancel"))
    problem(await person.request("POST", f"{path}/extend-hold"), "conflict", 409)
    await provider.change(require_fee=False)
    free = ok(await person.book(), 201, 202)
    await person.in_state(free["id"], "booked")
    problem(await person.request("POST", f"/api/v1/portal/appointments/{free['id']}/extend-hold"), "conflict", 409)
