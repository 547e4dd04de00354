"""How a page is looked at: axe's rules, sideways scrolling, visible focus, enlarged text; findings are sentences."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.walk.visits import Visit

_HERE = Path(__file__).parent
_AXE = _HERE / "node_modules" / "axe-core" / "axe.min.js"
_LOOKING = _HERE / "looking.js"
# WCAG 2.2 AA, and what axe's authors advise beside it (landmarks, order of headings).
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, DESK, ZOOMED = (360, 740), (1280, 900), (640, 450)
# For a look by eye: where the pictures go, if anywhere.
_PICTURES = os.environ.get("PORTICO_PICTURES")


@cache
def _scripts() -> str:
    assert _AXE.exists(), "axe-core isn't installed: run make browser"
    return f"{_AXE.read_text()}\n{_LOOKING.read_text()}"


async def look_at(page: Page, visit: Visit) -> list[str]:
    """What is wrong with the page, on a phone, on a desk, and at twice the size."""
    await page.evaluate(_scripts())
    found: list[str] = []
    for name, size in (("phone", PHONE), ("desk", DESK)):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await _picture(page, visit, name)
        found += [f"{name}: {one}" for one in await _axe(page)]
        found += [f"{name}: {one}" for one in await _sideways(page)]
    # A desk's browser at 200 %, and a phone on which only the letters are twice as large.
    await page.set_viewport_size({"width": ZOOMED[0], "height": ZOOMED[1]})
    found += [f"zoomed: {one}" for one in await _sideways(page)]
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    found += [f"large letters: {one}" for one in await _sideways(page)]
    await page.evaluate("document.documentElement.style.fontSize = ''")
    # A real Tab first: browsers show the focus to those who use the keyboard.
    await page.keyboard.press("Tab")
    found += [f"focus: {one}" for one in await page.evaluate("portico.unfocused()")]
    return found


async def _axe(page: Page) -> list[str]:
    # At its end a page's sticking bar lies in its own place, and over nothing else.
    await page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    options = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
    result = await page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [_finding(rule["id"], node) for rule in result["violations"] for node in rule["nodes"]]


def _finding(rule: str, node: Any) -> str:
    summary = re.sub(r"\s+", " ", node["failureSummary"]).removeprefix("Fix any of the following: ")
    return f"{rule} at {' '.join(map(str, node['target']))}: {summary[:300]}"


async def _sideways(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("portico.sideways()")
    return found


async def _picture(page: Page, visit: Visit, name: str) -> None:
    if _PICTURES is None:
        return
    file = re.sub(r"[^a-z0-9]+", "-", str(visit).lower()).strip("-")
    await page.screenshot(path=f"{_PICTURES}/{file}--{name}.png", full_page=True)
