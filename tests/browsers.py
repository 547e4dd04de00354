"""Browsers: as wide as a desk or a phone, with and without scripts."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

DESK: dict[str, Any] = {"viewport": {"width": 1200, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
WITHOUT_SCRIPTS: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "java_script_enabled": False}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """Chromium without its own windows, where it comes as a package of its own: the same pages for half the work."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert path is not None, "install chromium (make browser does)"
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        await chromium.close()


async def fits(page: Page) -> None:
    """Nothing sticks out sideways, and nothing broke."""
    await page.wait_for_load_state()
    if page.context.pages and await page.evaluate("1") == 1:
        width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, page.url
