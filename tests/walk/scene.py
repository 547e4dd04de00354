"""Who walks through the pages, and what is there to see: practices and clients in every state, made once per run."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, Page

from tests.driver import Provider, World
from tests.walk.visits import Visit

PATIENCE_MS = 20_000
# What a visit is called in which something has to have been refused.
ERRORS = "errors"


@dataclass(frozen=True, kw_only=True)
class Persona:
    """Somebody in front of a browser; `facts` are what the paths of pages name: `{provider}`, `{client_id}`, ..."""

    facts: Mapping[str, str]
    http: httpx.AsyncClient | None = None  # whoever is signed in keeps the cookie there

    def path_of(self, route: str) -> str:
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: self.facts[found.group(1)], route)


Casting = Callable[["Scene"], Awaitable[Persona]]
CASTINGS: dict[str, Casting] = {}


def casting(function: Casting) -> Casting:
    """Makes the function's name one that visits may name in `by`."""
    CASTINGS[function.__name__] = function
    return function


@dataclass
class Scene:
    """The stack, a browser, and everybody who has been made so far."""

    world: World
    chromium: Browser
    _people: dict[str, Persona] = field(default_factory=dict)
    _contexts: dict[str, BrowserContext] = field(default_factory=dict)
    _pages: dict[str, Page] = field(default_factory=dict)
    _practices: dict[str, Provider] = field(default_factory=dict)

    async def who(self, name: str) -> Persona:
        if name not in self._people:
            self._people[name] = await CASTINGS[name](self)
        return self._people[name]

    async def practice(self, name: str) -> Provider:
        """A practice that several people of the scene share."""
        if name not in self._practices:
            self._practices[name] = await self.world.new_provider()
        return self._practices[name]

    async def context(self, name: str) -> BrowserContext:
        if name not in self._contexts:
            persona = await self.who(name)
            context = await self.chromium.new_context(viewport={"width": 360, "height": 740})
            context.set_default_timeout(PATIENCE_MS)
            if persona.http is not None:
                jar = [cookie for cookie in persona.http.cookies.jar if cookie.value]
                await context.add_cookies([self._cookie(cookie) for cookie in jar])
            self._contexts[name] = context
        return self._contexts[name]

    def _cookie(self, cookie: Any) -> Any:
        return {"name": cookie.name, "value": cookie.value, "url": self.world.base_url}

    async def open(self, visit: Visit) -> Page:
        """The page of the visit, in the state that it is to be seen in; each person has one window for all visits."""
        persona = await self.who(visit.by)
        if visit.by not in self._pages:
            self._pages[visit.by] = await (await self.context(visit.by)).new_page()
        page = self._pages[visit.by]
        answer = await page.goto(f"{self.world.base_url}{persona.path_of(visit.route + visit.query)}")
        assert answer is not None
        assert answer.status == visit.status, (visit, answer.status, await page.inner_text("main"))
        if visit.after is not None:
            await visit.after(page)
            await page.wait_for_load_state("load")
        if visit.state == ERRORS:
            assert await page.locator(".problem, [role=alert]").count(), f"{visit}: nothing was refused"
        return page

    async def close(self) -> None:
        for context in self._contexts.values():
            await context.close()
