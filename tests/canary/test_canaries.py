"""What people type is in our database and mails only: not in Temporal, logs, figures, or at the payment processor."""

from __future__ import annotations

from tests.canary.journeys import journeys_with_canaries, nothing_leaked
from tests.canary.searching import found_in_temporal
from tests.driver import World


async def test_with_payloads_encrypted_no_canary_is_found(world: World) -> None:
    canaries = await journeys_with_canaries(world)
    await nothing_leaked(canaries)
    ids = [f'"client_id":"{one}"' for one in canaries.clients]
    assert found_in_temporal(world, [*ids, "The mail was refused (550)", "database: "]) == set()
    assert found_in_temporal(world, canaries.clients) == set(canaries.clients), "the ids of workflows are in the clear"
