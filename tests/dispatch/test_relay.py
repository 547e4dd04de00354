"""Telling recorded events: each once, and a client's in the order in which they were recorded."""

from __future__ import annotations

import asyncio

from temporalio.api.enums.v1 import EventType

from tests.driver import Provider, World, new_address, ok, until
from tests.e2e.test_outages import away

_SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED


async def signals_of(world: World, client_id: str) -> list[str]:
    """The invitations that the journey has been asked for, in the order of its history."""
    engine = await world.engine()
    handle = engine.get_workflow_handle(f"client-journey:{client_id}")
    asked = []
    async for event in handle.fetch_history_events():
        if event.event_type == _SIGNALED:
            facts = await engine.data_converter.decode(
                event.workflow_execution_signaled_event_attributes.input.payloads
            )
            asked.append(facts[0]["invitation_id"])
    return asked


async def test_what_waited_for_temporal_is_told_in_the_order_in_which_it_was_recorded(
    world: World, provider: Provider
) -> None:
    client = await provider.invite(email=new_address())
    await provider.stage(client["id"], "invited")
    async with away(world, "temporal"):
        for _ in range(5):
            ok(await provider.request("POST", f"/api/v1/clients/{client['id']}/invitation"), 200, 201, 202)
    recorded = world.rows(
        "SELECT payload->>'invitation_id' AS id FROM external_event WHERE subject = %s AND kind = %s ORDER BY seq",
        f"client:{client['id']}",
        "invitation_requested",
    )

    async def told() -> bool:
        return len(await signals_of(world, client["id"])) >= len(recorded)

    await until(told, "all of them to be told")
    assert await signals_of(world, client["id"]) == [row["id"] for row in recorded]
    assert len(recorded) == 5


async def test_a_crowd_of_sign_ups_is_told_without_loss_or_repetition(world: World, provider: Provider) -> None:
    addresses = [new_address() for _ in range(60)]
    answers = await asyncio.gather(*(world.sign_up(provider, email=address) for address in addresses))
    signups = [ok(answer, 202)["signup_id"] for answer in answers]

    async def told() -> bool:
        query = "SELECT id FROM external_event WHERE external_id = ANY(%s) AND handled_at IS NOT NULL"
        return len(world.rows(query, signups)) == len(signups)

    await until(told, "every journey to be started")
    tries = world.rows("SELECT attempts FROM external_event WHERE external_id = ANY(%s)", signups)
    assert [row["attempts"] for row in tries] == [1] * 60

    async def given_back() -> bool:
        """Whoever looked once more, and found nothing to tell, gives the lease back too."""
        query = (
            "SELECT s.lease FROM event_subject s JOIN external_event e USING (subject)"
            " WHERE e.external_id = ANY(%s) AND s.lease IS NOT NULL"
        )
        return world.rows(query, signups) == []

    await until(given_back, "the leases to be given back")
