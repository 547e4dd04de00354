"""The power goes in the middle of a payment: everything is killed and started again on the same state."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.chaos.effects import CAPTURE, Part, Step, Track
from tests.chaos.faults import kill, start_again
from tests.chaos.gates import Gate, Gates, Ledger
from tests.chaos.invariants import violations
from tests.chaos.walker import Walker
from tests.driver import World

# What the others lean on comes up first, as in a start of the whole stack.
_ORDER = (Part.POSTGRES, Part.TEMPORAL, Part.MAILBOX, Part.SIMULATOR, Part.SERVER, Part.WORKER)


@pytest.fixture
async def payer(own_world: World) -> AsyncIterator[Walker]:
    """A client whose checkout is open."""
    ledger = Ledger(own_world.endpoints["database_url"])
    provider = await own_world.new_provider()
    walker = Walker(world=own_world, ledger=ledger, provider=provider, track=Track.ANONYMOUS)
    await walker.arrive_at(Step.PAY)
    yield walker
    await ledger.close()


async def everything_killed_and_started_again(world: World) -> None:
    for part in _ORDER:
        await kill(world.stack.supervisor, part)
    for part in _ORDER:
        await start_again(world.stack.supervisor, part)


async def ends_booked_and_charged_once(world: World, walker: Walker) -> None:
    await walker.finish(cancels=False)
    assert await violations(world, walker, cancelled=False) == []


async def test_with_the_checkout_open(own_world: World, payer: Walker) -> None:
    await everything_killed_and_started_again(own_world)
    await ends_booked_and_charged_once(own_world, payer)


@pytest.mark.parametrize("acted", [False, True], ids=["not yet captured", "captured, and the answer lost"])
async def test_with_the_fee_authorised(own_world: World, payer: Walker, acted: bool) -> None:
    """The capture is asked for: the processor hasn't begun, or has done it and not answered."""
    merchant = payer.provider.seeded.merchant_account
    gate = Gate(address=payer.address, desk="", merchant=merchant, at=CAPTURE, acted=acted)
    gates = Gates(own_world, payer.ledger, [gate])
    await gates.close()
    await payer.act(Step.PAY)
    await gates.all_held()
    assert {"fee_authorized"} <= await payer.facts()
    assert "fee_captured" not in await payer.facts()
    await everything_killed_and_started_again(own_world)
    await ends_booked_and_charged_once(own_world, payer)
