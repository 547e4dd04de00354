"""Stands in for the payments of Stripe's dashboard: what was taken, and what can happen to it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from devstack.simulator import dashboard, refunds
from devstack.simulator.errors import ApiError
from devstack.simulator.hosted_page import HEADERS
from devstack.simulator.store import Json
from devstack.simulator.world import World
from domain.money import Money, decimals

_SHOWN = 50


class PaymentsPage:
    """Serves `/payments` with the newest payments that were taken."""

    def __init__(self, world: World) -> None:
        self._world = world
        environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
        self._template = environment.get_template("payments.html")

    def routes(self) -> list[Route]:
        return [
            Route("/payments", self.overview),
            Route("/payments/{id}", self.act, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        return self._page(200)

    async def act(self, request: Request) -> Response:
        posted = parse_qs((await request.body()).decode("utf-8", "replace"))
        intent, name = request.path_params["id"], posted.get("action", [""])[0]
        try:
            facts = self._facts(intent, posted.get("amount", [""])[0])
            if dashboard.act(self._world, intent, name, facts) is None:
                return self._page(404, "There is no such payment.")
        except ApiError as error:
            return self._page(error.status, str(error.body["error"]["message"]))
        return RedirectResponse("/payments", 303)

    def _facts(self, intent_id: str, amount: str) -> Json:
        """The amount as it was typed, in whole units with a point; nothing is all that is left."""
        intent = self._world.store.get("payment_intent", intent_id)
        if intent is None or not amount.strip():
            return {}
        try:
            return {"amount": int(Decimal(amount.strip()).scaleb(decimals(intent["currency"])))}
        except (InvalidOperation, ValueError, OverflowError):
            raise ApiError("Invalid amount", param="amount") from None

    def _page(self, status: int, message: str | None = None) -> Response:
        rows = [
            _row(one, dashboard.dispute_of(self._world, one)) | {"pending": refunds.pending(self._world, one)}
            for one in dashboard.taken(self._world, _SHOWN)
        ]
        return HTMLResponse(self._template.render(rows=rows, message=message), status, HEADERS)


def _row(charge: Json, dispute: Json | None) -> Json:
    refunded = charge["amount_refunded"]
    return {
        "id": charge["payment_intent"],
        "amount": _words(charge["amount"], charge),
        "refunded": _words(refunded, charge) if refunded else "",
        "waits": bool(charge.get("_refunds_wait")),
        "left": refunded < charge["amount"] and (dispute is None or dispute["status"] == "won"),
        "dispute": dispute["status"].replace("_", " ") if dispute else "",
        "decided": dispute is not None and dispute["status"] in ("won", "lost"),
    }


def _words(amount: int, charge: Json) -> str:
    return str(Money(amount_minor=amount, currency=charge["currency"]))
