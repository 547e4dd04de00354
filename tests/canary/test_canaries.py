"""What people type stays in PostgreSQL and mail: not in Temporal (encrypted or not), logs, figures, or the processor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from devstack.stack import Stack
from tests.canary.planting import Canaries
from tests.canary.searching import found_in_logs, found_in_temporal, shown
from tests.conftest import plan_for
from tests.driver import World


@pytest.fixture
async def clear_world(tmp_path: Path) -> AsyncIterator[World]:
    """A stack whose journeys aren't encrypted: what the codec would hide can be seen."""
    plan = plan_for(tmp_path)
    stack = Stack(replace(plan, given={**plan.given, "PORTICO_PAYLOAD_CODEC": "off"}), lambda line: None)
    try:
        await stack.start()
        async with httpx.AsyncClient(timeout=20) as http:
            world = World(stack, http)
            yield world
            await world.close()
    finally:
        await stack.stop()


async def journeys_with_canaries(world: World) -> Canaries:
    canaries = Canaries(world=world, provider=await world.new_provider())
    await canaries.practice_writes()
    await canaries.is_refused()
    await canaries.database_refuses()
    signed_up, invited = await canaries.signs_up(), await canaries.is_invited()
    ids = {"client_id": invited.client_id}
    await canaries.webhook("client.new_client_forms_requested", ids)
    for person in (signed_up, invited):
        await canaries.answers(person)
    appointment = await canaries.books_and_pays(signed_up)
    await canaries.books_and_pays(invited)
    await canaries.front_desk_moves_and_cancels(signed_up, appointment)
    await canaries.front_desk_books(signed_up)
    await canaries.provider.told(invited.client_id, "new_client_forms_sent")
    return canaries


async def nothing_leaked(canaries: Canaries) -> None:
    world, planted = canaries.world, set(canaries.planted.values())
    assert len(planted) > 30
    assert found_in_temporal(world, planted) == set()
    assert found_in_logs(world, planted) == set()
    for place, text in (await shown(world)).items():
        assert text
        assert {word for word in planted if word.lower() in text.lower()} == set(), place


async def test_with_payloads_in_the_clear_no_canary_is_found(clear_world: World) -> None:
    canaries = await journeys_with_canaries(clear_world)
    await nothing_leaked(canaries)
    # The search would have found them: this is what a payload, a refusal and a database's error look like there.
    seen = [f'"client_id":"{one}"' for one in canaries.clients]
    seen += [f'"appointment_id":"{one}"' for one in canaries.appointments]
    seen += ["The mail was refused (550)", "database: "]
    assert found_in_temporal(clear_world, seen) == set(seen)


async def test_with_payloads_encrypted_no_canary_is_found(world: World) -> None:
    canaries = await journeys_with_canaries(world)
    await nothing_leaked(canaries)
    ids = [f'"client_id":"{one}"' for one in canaries.clients]
    assert found_in_temporal(world, [*ids, "The mail was refused (550)", "database: "]) == set()
    assert found_in_temporal(world, canaries.clients) == set(canaries.clients), "the ids of workflows are in the clear"
