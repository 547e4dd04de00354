"""The pages for people: onboarding of a merchant account, and all accounts with what can happen to them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from devstack.simulator import account_links, accounts
from devstack.simulator.hosted_page import HEADERS
from devstack.simulator.store import Json
from devstack.simulator.world import World

_SHOWN = 50
# What the person in front of the onboarding page does, and what that is to the account.
_AT_ONBOARDING = {"finish": "finish", "review": "review", "leave": None}


class AccountsPage:
    """Serves `/connect/onboarding/{token}`, and `/accounts` with the newest accounts."""

    def __init__(self, world: World) -> None:
        self._world = world
        environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
        self._onboarding = environment.get_template("onboarding.html")
        self._accounts = environment.get_template("accounts.html")

    def routes(self) -> list[Route]:
        return [
            Route("/accounts", self.overview),
            Route("/accounts/{id}", self.act, methods=["POST"]),
            Route("/connect/onboarding/{token}", self.show),
            Route("/connect/onboarding/{token}", self.go_on, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        rows = [(one["id"], state_in_words(one)) for one in accounts.newest(self._world, _SHOWN)]
        return HTMLResponse(self._accounts.render(rows=rows, acts=_ACT_WORDS), 200, HEADERS)

    async def act(self, request: Request) -> Response:
        name = await _posted(request)
        if accounts.act(self._world, request.path_params["id"], name) is None:
            return HTMLResponse("There is no such account.", 404, HEADERS)
        return RedirectResponse("/accounts", 303)

    async def show(self, request: Request) -> Response:
        link = account_links.find(self._world, request.path_params["token"])
        if link is None:
            return HTMLResponse("There is no such link.", 404, HEADERS)
        if not account_links.visit(self._world, link):
            # As Stripe does: used or too old, it leads back to who can make another one.
            return RedirectResponse(link["refresh_url"], 303, {"Cache-Control": "no-store"})
        return HTMLResponse(self._onboarding.render(account=link["account"]), 200, HEADERS)

    async def go_on(self, request: Request) -> Response:
        link = account_links.find(self._world, request.path_params["token"])
        name = await _posted(request)
        if link is None or name not in _AT_ONBOARDING:
            return HTMLResponse("There is no such link.", 404, HEADERS)
        what = _AT_ONBOARDING[name]
        if what is not None:
            accounts.act(self._world, link["account"], what)
        return RedirectResponse(link["return_url"], 303, {"Cache-Control": "no-store"})


_ACT_WORDS = {
    "finish": "Enable charges",
    "review": "Check its details",
    "restrict": "Restrict",
    "lose_cards": "Take cards away",
    "deauthorize": "Disconnect",
}


def state_in_words(account: Json) -> str:
    if account.get("_deauthorized"):
        return "disconnected from the platform"
    if not account["details_submitted"]:
        return "not onboarded yet"
    if not account["charges_enabled"]:
        return f"no charges: {account['requirements']['disabled_reason']}"
    cards = account["capabilities"]["card_payments"] == "active"
    return "takes charges" if cards else "takes charges, but no cards"


async def _posted(request: Request) -> str:
    return parse_qs((await request.body()).decode("utf-8", "replace")).get("action", [""])[0]
