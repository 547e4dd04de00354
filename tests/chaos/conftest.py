"""One stack for the tests of this room, apart from everybody else's: its parts are killed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.chaos.gates import Ledger
from tests.chaos.ground import ground
from tests.driver import World


@pytest.fixture(scope="package")
async def own_world() -> AsyncIterator[World]:
    async with ground() as world:
        ledger = Ledger(world.endpoints["database_url"])
        await ledger.prepare()
        await ledger.close()
        yield world


@pytest.fixture
async def ledger(own_world: World) -> AsyncIterator[Ledger]:
    opened = Ledger(own_world.endpoints["database_url"])
    yield opened
    await opened.close()
