"""Time moves for a whole stack at once, so these tests have one of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from devstack.stack import Stack
from tests.conftest import plan_for
from tests.driver import Provider, World, ok


class TravellingWorld(World):
    """A world whose time can be moved on."""

    async def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> None:
        seconds = int(days * 86400 + hours * 3600 + minutes * 60)
        ok(await self.http.post(f"{self.base_url}/api/v1/demo/advance", json={"seconds": seconds}, timeout=60))

    async def advance_without_engine(self, *, hours: float) -> None:
        """Hours pass for pages, SQL and simulator while the engine is away (it has nothing to move then)."""
        seconds = int(hours * 3600)
        offset = self.rows(
            "INSERT INTO demo_clock (id, offset_seconds) VALUES (1, %s) ON CONFLICT (id)"
            " DO UPDATE SET offset_seconds = demo_clock.offset_seconds + %s RETURNING offset_seconds",
            seconds,
            seconds,
        )[0]["offset_seconds"]
        clock = f"{self.endpoints['simulator_url']}/_sim/clock"
        ok(await self.http.put(clock, json={"offset_seconds": offset}), 200, 204)


@pytest.fixture(scope="package")
async def travelling(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    plan = plan_for(tmp_path_factory.mktemp("travel"))
    # Payloads in the clear: what the codec would hide can be seen (test_canaries_in_the_clear).
    # A short grace, so that a mail server can be away for all of it.
    given = {
        **plan.given,
        "PORTICO_PAYLOAD_CODEC": "off",
        "PORTICO_SUBSCRIPTION_GRACE_DAYS": "5",
        "PORTICO_CHANGE_GRACE_SECONDS": "180",
    }
    stack = Stack(replace(plan, given=given), lambda line: None)
    try:
        await stack.start()
        yield stack
    finally:
        await stack.stop()


@pytest.fixture
async def world(travelling: Stack) -> AsyncIterator[TravellingWorld]:
    async with httpx.AsyncClient(timeout=60) as http:
        world = TravellingWorld(travelling, http)
        yield world
        await world.close()


@pytest.fixture
async def provider(world: TravellingWorld) -> Provider:
    return await world.new_provider()
