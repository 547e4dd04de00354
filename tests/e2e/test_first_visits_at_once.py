"""The first visit is cancelled and the second one booked in the same moment: one of the two comes first."""

from __future__ import annotations

import asyncio

import psycopg

from tests.driver import Provider, World, ok
from tests.locking import somebody_waits_for


async def test_a_second_visit_that_is_booked_while_the_first_is_cancelled_has_the_fee_of_a_first(
    world: World, provider: Provider
) -> None:
    await provider.change(fee_first_visit_only=True)
    person, paid = await world.booked_client(provider)
    with psycopg.connect(world.endpoints["database_url"]) as cancelling:
        # As the cancellation does it; not committed yet.
        cancelling.execute("UPDATE appointment SET status = 'cancelled' WHERE id = %s", (paid["id"],))
        booking = asyncio.create_task(person.book())
        await somebody_waits_for(world, cancelling)
        cancelling.commit()
    second = ok(await booking, 202)
    assert second["payment"]["amount_minor"] == 4000, "the fee went back: this one is the first visit now"
