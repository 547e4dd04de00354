"""Fifty clients ask for one slot at once: as many are booked as there is room, and nobody else pays or waits."""

from __future__ import annotations

import asyncio

import pytest

from tests.driver import Provider, World, problem, until


@pytest.mark.parametrize("capacity", [1, 3])
async def test_fifty_clients_one_slot(world: World, provider: Provider, capacity: int) -> None:
    await provider.change(max_simultaneous_appointments=capacity)
    people = await asyncio.gather(*(world.invited_client(provider) for _ in range(50)))
    slot = (await people[0].slots())[-1]
    answers = await asyncio.gather(*(person.book(slot) for person in people))

    won = [(person, answer) for person, answer in zip(people, answers, strict=True) if answer.is_success]
    assert len(won) == capacity
    for answer in answers:
        if not answer.is_success:
            problem(answer, "slot-taken", 409)
    for person, answer in won:
        await world.pay(await person.checkout(answer.json()["id"]))
        await person.in_state(answer.json()["id"], "booked")

    practice = provider.seeded.practice_id
    assert len(world.rows("SELECT id FROM payment WHERE practice_id = %s", practice)) == capacity
    engine = await world.engine()
    query = f"Practice = '{practice}' AND WorkflowType = 'Booking'"

    async def bookings() -> int:
        return len([one async for one in engine.list_workflows(query)])

    async def visible() -> bool:
        return await bookings() >= capacity

    await until(visible, "the bookings in the Temporal UI")
    assert await bookings() == capacity
