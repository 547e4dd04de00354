"""One look at one page: which route, by whom, in which state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Page

Deed = Callable[[Page], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """`after` is what is done on the page before it is looked at; `query` starts with a question mark."""

    route: str
    by: str
    state: str
    query: str
    status: int
    after: Deed | None

    def __str__(self) -> str:
        return f"{self.route} {self.by}{f': {self.state}' if self.state else ''}"


def see(
    route: str, by: str = "nobody", state: str = "", *, query: str = "", status: int = 200, after: Deed | None = None
) -> Visit:
    """A line of the table: the route as the server knows it, and who of `cast.py` opens it."""
    return Visit(route=route, by=by, state=state, query=query, status=status, after=after)


def press(name: str, *, nth: int = -1) -> Deed:
    """A button is pressed: without anything filled in, this shows the page with its errors."""

    async def deed(page: Page) -> None:
        await page.get_by_role("button", name=name).nth(nth).click()

    return deed


def type_in(values: dict[str, str], button: str, *, nth: int = -1) -> Deed:
    """Fields by their names are filled in, then a button is pressed."""

    async def deed(page: Page) -> None:
        for name, value in values.items():
            await page.locator(f"[name='{name}']").first.fill(value)
        await press(button, nth=nth)(page)

    return deed


def stand_still() -> Deed:
    """A page that loads itself again stays as it is."""

    async def deed(page: Page) -> None:
        await page.evaluate("window.stop()")

    return deed


def open_up() -> Deed:
    """Everything that folds is unfolded."""

    async def deed(page: Page) -> None:
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")

    return deed


def first(*deeds: Deed) -> Deed:
    """One after the other, each on the page that the one before led to."""

    async def deed(page: Page) -> None:
        for one in deeds:
            await one(page)
            await page.wait_for_load_state("load")

    return deed
