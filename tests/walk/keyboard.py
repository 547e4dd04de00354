"""Somebody who has a keyboard and nothing else: Tab until the right thing has the focus, and see that it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

# More Tabs than any page has stops.
_MOST_STOPS = 250
_FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const said = one.getAttribute("aria-label") || [...(one.labels ?? [])].map((label) => label.innerText).join(" ")
    || one.innerText || one.value || "";
  const shows = [one, one.nextElementSibling, one.closest("label")].some((place) => {
    const style = place && getComputedStyle(place);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  return {name: said.trim(), field: one.name || "", kind: one.localName, shows};
}"""


@dataclass(frozen=True)
class Keyboard:
    page: Page

    async def to(self, wanted: str) -> Any:
        """On to what is called so: by its words, or by the field's own name."""
        passed: list[str] = []
        for _ in range(_MOST_STOPS):
            await self.page.keyboard.press("Tab")
            stop = await self.page.evaluate(_FOCUSED)
            if stop is None:
                continue
            assert stop["shows"], f"{self.page.url}: “{stop['name']}” has the focus and doesn't show it"
            if stop["field"] == wanted or stop["name"].startswith(wanted):
                return stop
            passed.append(stop["field"] or stop["name"][:30])
        raise AssertionError(f"{self.page.url}: no “{wanted}” to be reached; passed {sorted(set(passed))}")

    async def press(self, wanted: str) -> None:
        """A link is followed, a button pressed."""
        await self.to(wanted)
        await self._and_arrive("Enter")

    async def type(self, wanted: str, text: str) -> None:
        await self.to(wanted)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def check(self, wanted: str, *, arrows: int = 0) -> None:
        """A box, or the first of several choices; `arrows` leads on to a later one, or back to the last."""
        await self.to(wanted)
        await self.page.keyboard.press("Space")
        for _ in range(abs(arrows)):
            await self.page.keyboard.press("ArrowDown" if arrows > 0 else "ArrowUp")

    async def choose(self, wanted: str, option: str) -> None:
        """In a list that opens: by typing how it begins."""
        await self.to(wanted)
        await self.page.keyboard.type(option)

    async def enter(self) -> None:
        """Where one has been typing: the form goes off."""
        await self._and_arrive("Enter")

    async def _and_arrive(self, key: str) -> None:
        async with self.page.expect_event("load"):
            await self.page.keyboard.press(key)
