"""Time moves for a whole stack at once, so these tests have one of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

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


@pytest.fixture(scope="package")
async def travelling(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    stack = Stack(plan_for(tmp_path_factory.mktemp("travel")), lambda line: None)
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
