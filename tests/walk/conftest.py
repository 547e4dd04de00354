"""One browser and one set of people for all walks of a process."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import async_playwright

from tests.driver import World
from tests.e2e.test_browser import FLAGS
from tests.walk import clients, staff
from tests.walk.scene import Scene

__all__ = ["clients", "staff"]


@pytest.fixture(scope="session")
async def scene(world: World) -> AsyncIterator[Scene]:
    path = shutil.which("chromium")
    assert path is not None, "install chromium (make browser does)"
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        stage = Scene(world=world, chromium=chromium)
        yield stage
        await stage.close()
        await chromium.close()
