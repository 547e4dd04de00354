"""Everybody asks for one slot at once: as many are booked as there is room, and nobody else pays or waits."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.driver import Person, Provider, World, ok, problem, until

# `make one-slot` has two hundred people and twenty rounds.
PEOPLE = int(os.environ.get("ONE_SLOT_CLIENTS", "25"))
ROUNDS = int(os.environ.get("ONE_SLOT_ROUNDS", "2"))


@pytest.mark.parametrize("capacity", [1, 3])
async def test_many_clients_one_slot(world: World, provider: Provider, capacity: int) -> None:
    await provider.change(max_simultaneous_appointments=capacity)
    people = [await world.invited_client(provider) for _ in range(PEOPLE)]
    booked = 0
    for _ in range(ROUNDS):
        won = await race(people, capacity)
        for person, appointment_id in won:
            await world.pay(await person.checkout(appointment_id))
            await person.in_state(appointment_id, "booked")
        booked += capacity
        practice = provider.seeded.practice_id
        assert len(world.rows("SELECT id FROM payment WHERE practice_id = %s", practice)) == booked
        for person, appointment_id in won:
            ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment_id}/cancel"))
            await person.in_state(appointment_id, "cancelled")
    await these_bookings_and_no_others(world, provider, booked)


async def race(people: list[Person], capacity: int) -> list[tuple[Person, str]]:
    """Who got the slot, and the appointment; everybody else is told that it is taken."""
    slot = (await people[0].slots())[-1]
    answers = await asyncio.gather(*(person.book(slot) for person in people))
    won = [(person, answer.json()["id"]) for person, answer in zip(people, answers, strict=True) if answer.is_success]
    assert len(won) == capacity
    for answer in answers:
        if not answer.is_success:
            problem(answer, "slot-taken", 409)
    return won


async def these_bookings_and_no_others(world: World, provider: Provider, count: int) -> None:
    engine = await world.engine()
    query = f"Practice = '{provider.seeded.practice_id}' AND WorkflowType = 'Booking'"

    async def bookings() -> int:
        return len([one async for one in engine.list_workflows(query)])

    async def visible() -> bool:
        return await bookings() >= count

    await until(visible, "the bookings in the Temporal UI")
    assert await bookings() == count


async def test_two_who_want_each_others_time_at_once_keep_their_own(world: World, provider: Provider) -> None:
    await provider.change(require_fee=False, max_upcoming_appointments=1)
    people = [await world.invited_client(provider) for _ in range(2)]
    times = (await people[0].slots())[-2:]
    booked = [ok(await one.book(time), 201, 202) for one, time in zip(people, times, strict=True)]
    for person, appointment in zip(people, booked, strict=True):
        await person.in_state(appointment["id"], "booked")
    for _ in range(10):
        moves = [
            person.request("POST", f"/api/v1/portal/appointments/{own['id']}/move", json={"starts_at": other})
            for person, own, other in zip(people, booked, reversed(times), strict=True)
        ]
        for answer in await asyncio.gather(*moves):
            problem(answer, "slot-taken", 409)
    for person, own, time in zip(people, booked, times, strict=True):
        now = await person.appointment(own["id"])
        assert (now["starts_at"], now["status"], now["revision"]) == (time, "booked", 0)
