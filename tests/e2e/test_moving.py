"""Moving an appointment: atomic, with the fee, never refused for the limit, within the practice's rules."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tests.driver import Provider, World, ok, problem
from tests.e2e.test_calendar_mails import told


async def test_the_client_moves_and_keeps_the_fee(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    wanted = (await person.slots())[0]
    path = f"/api/v1/portal/appointments/{appointment['id']}"
    moved = ok(await person.request("POST", f"{path}/move", json={"starts_at": wanted}))
    assert (moved["starts_at"], moved["revision"], moved["status"]) == (wanted, 1, "booked")
    assert moved["payment"]["state"] == "captured"
    slots = await person.slots()
    assert appointment["starts_at"] in slots
    assert wanted not in slots
    method, event = told(await world.mail(person.address, "new time"))
    assert (method, event["SEQUENCE"]) == ("REQUEST", 1)
    assert event["DTSTART"].dt == datetime.fromisoformat(wanted)
    desk = await world.mail(provider.seeded.front_desk, "Appointment moved")
    assert person.address not in desk.as_string()
    again = ok(await person.request("POST", f"{path}/move", json={"starts_at": wanted}))
    assert again["revision"] == 1, "where it is already, nothing changes"
    assert len(world.rows("SELECT id FROM payment WHERE client_id = %s", person.client_id)) == 1


async def test_at_the_limit_a_client_can_still_move(world: World, provider: Provider) -> None:
    await provider.change(max_upcoming_appointments=1)
    person, appointment = await world.booked_client(provider)
    slots = await person.slots()
    problem(await person.book(slots[0]), "limit-reached", 409)
    path = f"/api/v1/portal/appointments/{appointment['id']}/move"
    assert ok(await person.request("POST", path, json={"starts_at": slots[0]}))["revision"] == 1


async def test_the_rules_of_moving(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    other, taken = await world.booked_client(provider)
    path = f"/api/v1/portal/appointments/{appointment['id']}/move"

    async def refused(starts_at: str, slug: str, status: int = 409) -> None:
        problem(await person.request("POST", path, json={"starts_at": starts_at}), slug, status)

    await refused(taken["starts_at"], "slot-taken")
    off_grid = datetime.fromisoformat(appointment["starts_at"]) + timedelta(minutes=7)
    await refused(off_grid.isoformat(), "slot-unavailable")
    await refused("tomorrow", "validation", 422)
    free = (await person.slots())[0]
    await provider.change(clients_can_cancel=False)
    await refused(free, "cancel-not-allowed")
    await provider.change(clients_can_cancel=True, allow_self_schedule=False)
    await refused(free, "self-schedule-off")
    stranger = await other.request("POST", path, json={"starts_at": free})
    problem(stranger, "not-found", 404)

    staff = f"/api/v1/appointments/{appointment['id']}/move"
    early = off_grid.isoformat()
    problem(await provider.request("POST", staff, json={"starts_at": early}), "slot-unavailable", 409)
    body = {"starts_at": early, "override_reason": "Agreed by phone."}
    assert ok(await provider.request("POST", staff, json=body))["revision"] == 1
    occupied = {"starts_at": taken["starts_at"], "override_reason": "Squeezed in."}
    problem(await provider.request("POST", staff, json=occupied), "slot-taken", 409)
    ok(await provider.request("POST", f"/api/v1/appointments/{appointment['id']}/cancel"))
    problem(await provider.request("POST", staff, json={"starts_at": free}), "conflict", 409)


async def test_many_move_to_one_slot_and_one_gets_it(world: World, provider: Provider) -> None:
    people = [await world.booked_client(provider) for _ in range(4)]
    wanted = (await people[0][0].slots())[0]
    answers = await asyncio.gather(
        *(
            person.request("POST", f"/api/v1/portal/appointments/{one['id']}/move", json={"starts_at": wanted})
            for person, one in people
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    rows = world.rows(
        "SELECT id FROM appointment WHERE provider_id ="
        " (SELECT provider_id FROM client WHERE id = %s) AND starts_at = %s AND status = 'booked'",
        people[0][0].client_id,
        wanted,
    )
    assert len(rows) == 1
