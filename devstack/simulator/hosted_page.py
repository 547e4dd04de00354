"""The pages for people: a red simulation of Stripe Checkout, buttons instead of card fields, and what was paid."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from devstack.simulator import payers
from devstack.simulator.store import Json
from devstack.simulator.world import World
from domain.money import Money

_DECLINED = "Your card was declined. Nothing was charged; you can try again."
_NOT_CONFIRMED = "Your bank could not confirm that it is you. Nothing was charged; you can try another card."
_DELAY_SECONDS = 5.0
_SHOWN = 50
# No scripts, nothing from elsewhere, and never inside another page.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


class HostedPage:
    """Serves `/c/pay/{session}`, and `/` with the newest checkouts."""

    def __init__(self, world: World) -> None:
        self._world = world
        loader = FileSystemLoader(Path(__file__).parent)
        environment = Environment(loader=loader, autoescape=True)
        self._template = environment.get_template("hosted_page.html")
        self._overview = environment.get_template("overview.html")

    def routes(self) -> list[Route]:
        return [
            Route("/", self.overview),
            Route("/c/pay/{id}", self.show),
            Route("/c/pay/{id}", self.act, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        """The newest checkouts of all accounts, each with its state and the way to its page."""
        newest = payers.newest_sessions(self._world, _SHOWN)
        rows = [
            {
                "id": one["id"],
                "amount": _words(one["amount_total"], one),
                "state": payers.state_in_words(self._world, one),
                "open": one["status"] == "open",
            }
            for one in newest
        ]
        return HTMLResponse(self._overview.render(rows=rows, shown=_SHOWN), 200, HEADERS)

    async def show(self, request: Request) -> Response:
        return self._page(request.path_params["id"])

    async def act(self, request: Request) -> Response:
        session_id = request.path_params["id"]
        act = parse_qs((await request.body()).decode("utf-8", "replace")).get("action", [""])[0]
        session = payers.find_session(self._world, session_id)
        if session is None:
            return self._page(session_id)
        if act == "close":
            # Stripe's own page goes back to the merchant; without an address there is nowhere to go.
            return _redirect(session["cancel_url"]) if session["cancel_url"] else self._page(session_id)
        # A second tab may have been faster: then the page says how things stand.
        message = None
        with suppress(payers.SessionNotOpenError, payers.NothingToConfirmError):
            message = self._act(session_id, act)
        return self._page(session_id, message)

    def _act(self, session_id: str, act: str) -> str | None:
        """What is said about it."""
        match act:
            case "pay":
                payers.pay(self._world, session_id)
            case "later":
                payers.pay_later(self._world, session_id, _DELAY_SECONDS)
            case "challenge":
                payers.be_asked(self._world, session_id)
            case "confirm":
                payers.confirm(self._world, session_id)
            case "decline":
                payers.be_declined(self._world, session_id)
                return _DECLINED
            case "fail":
                payers.fail_to_confirm(self._world, session_id)
                return _NOT_CONFIRMED
        return None

    def _page(self, session_id: str, message: str | None = None) -> Response:
        session = payers.find_session(self._world, session_id)
        if session is None:
            return self._render({"state": "unknown"}, 404)
        if session["status"] == "complete":
            return _redirect(_success_url(session))
        if session["status"] == "expired":
            return self._render({"state": "expired", "back": session["cancel_url"]}, 200)
        items = [
            {"name": item["description"], "amount": _words(item["amount_total"], session)}
            for item in session["_line_items"]["data"]
        ]
        facts = {
            "state": self._state(session),
            "items": items,
            "total": _words(session["amount_total"], session),
            "message": message,
            "delay": int(_DELAY_SECONDS),
            "once": session["mode"] == "payment",
        }
        return self._render(facts, 200)

    def _state(self, session: Json) -> str:
        if payers.is_asked(self._world, session):
            return "asked"
        return "paying" if payers.is_paying(self._world, session["id"]) else "open"

    def _render(self, facts: Json, status: int) -> Response:
        return HTMLResponse(self._template.render(**facts), status, HEADERS)


def _words(amount: int, session: Json) -> str:
    return str(Money(amount_minor=amount, currency=session["currency"]))


def _success_url(session: Json) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _redirect(url: str) -> Response:
    return RedirectResponse(url, 303, {"Cache-Control": "no-store"})
