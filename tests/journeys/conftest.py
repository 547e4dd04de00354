"""The worker's own activities, for tests that run them by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from composition import activities_of, processor_of
from db.engine import Database
from tests.driver import World
from tests.seeding import settings_of


@pytest.fixture
async def run(world: World) -> AsyncIterator[Callable[[str, Any], Awaitable[Any]]]:
    """The worker's own activities, run by hand."""
    settings = settings_of(world.stack)
    database = Database(settings.database_url, pool_size=2)
    processor = processor_of(settings)
    bound = activities_of(
        settings, database, processor.payments, processor.merchants, processor.billing, processor.events
    )
    named = {method.__name__: method for method in bound}

    async def run_one(name: str, command: Any) -> Any:
        return await named[name](command)

    yield run_one
    await processor.aclose()
    await database.close()
