"""Bookkeeping that takes too long falls back to an ordinary step, and a journey that did so can be taken up again."""

from __future__ import annotations

import pytest

from tests.chaos.effects import Part, Record, Step, Track
from tests.chaos.faults import kill, start_again
from tests.chaos.gates import Gate, Gates, Ledger
from tests.chaos.invariants import violations
from tests.chaos.walker import Walker
from tests.driver import World, until


@pytest.mark.xfail(strict=True, reason="replayed, a local activity's time-out comes without its ActivityError")
async def test_a_worker_killed_after_the_fall_back(own_world: World, ledger: Ledger) -> None:
    provider = await own_world.new_provider()
    walker = Walker(world=own_world, ledger=ledger, provider=provider, track=Track.ANONYMOUS)
    await walker.arrive_at(Step.ACCEPT)
    gate = Gate(address=walker.address, desk="", merchant="", at=Record(label="account_opened"))
    gates = Gates(own_world, ledger, [gate])
    await gates.close()
    await walker.act(Step.ACCEPT)
    journey = (await own_world.engine()).get_workflow_handle(f"client-journey:{walker.client_id}")

    async def fallen_back() -> bool:
        return bool((await journey.describe()).raw_description.pending_activities)

    await until(fallen_back, "an ordinary step")
    await kill(own_world.stack.supervisor, Part.WORKER)
    await gates.open_records()
    await start_again(own_world.stack.supervisor, Part.WORKER)

    async def went_on() -> bool:
        return "intake_assigned" in await walker.facts()

    await until(went_on, "the journey to go on", 20)
    await walker.finish(cancels=False)
    assert await violations(own_world, walker, cancelled=False) == []
