"""One set of people for all walks of a process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.driver import World
from tests.walk import clients, staff, waiting
from tests.walk.scene import Scene

__all__ = ["clients", "staff", "waiting"]


@pytest.fixture(scope="session")
async def scene(world: World, chromium: Browser) -> AsyncIterator[Scene]:
    stage = Scene(world=world, chromium=chromium)
    yield stage
    await stage.close()
