"""The pages for people of what is paid month by month: the billing portal, and an invoice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from devstack.simulator import billing_portal, customers, subscriptions
from devstack.simulator.hosted_page import HEADERS
from devstack.simulator.payers import let_time_act
from devstack.simulator.store import Json
from devstack.simulator.world import World
from domain.money import Money


class BillingPage:
    """Serves `/billing/{token}` and `/invoices/{id}`."""

    def __init__(self, world: World) -> None:
        self._world = world
        environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
        self._portal = environment.get_template("billing_portal.html")
        self._invoice = environment.get_template("invoice.html")

    def routes(self) -> list[Route]:
        return [
            Route("/billing/{token}", self.portal),
            Route("/billing/{token}", self.act, methods=["POST"]),
            Route("/invoices/{id}", self.invoice),
            Route("/invoices/{id}", self.pay_invoice, methods=["POST"]),
            Route("/invoices/{id}/pdf", self.invoice_file),
        ]

    async def portal(self, request: Request) -> Response:
        let_time_act(self._world)
        session = billing_portal.find(self._world, request.path_params["token"])
        if session is None:
            return HTMLResponse("This link has run out.", 404, HEADERS)
        owner = self._world.store.owner(session["customer"])
        theirs = [
            one for one in self._world.store.every("subscription", owner) if one["customer"] == session["customer"]
        ]
        facts = {
            "good": customers.card_is_good(self._world, session["customer"]),
            "subscriptions": [(one["id"], _state(one), one["cancel_at_period_end"], one["status"]) for one in theirs],
            "back": session["return_url"],
        }
        return HTMLResponse(self._portal.render(**facts), 200, HEADERS)

    async def act(self, request: Request) -> Response:
        session = billing_portal.find(self._world, request.path_params["token"])
        if session is None:
            return HTMLResponse("This link has run out.", 404, HEADERS)
        name, _, about = (await _posted(request)).partition(":")
        if name in ("good", "bad"):
            customers.change_card(self._world, session["customer"], good=name == "good")
        elif name in ("end", "renew") and self._is_theirs(about, session["customer"]):
            subscriptions.change_renewal(self._world, about, renews=name == "renew")
        return RedirectResponse(request.url.path, 303)

    def _is_theirs(self, subscription_id: str, customer: str) -> bool:
        found = self._world.store.get("subscription", subscription_id)
        return found is not None and found["customer"] == customer

    async def invoice(self, request: Request) -> Response:
        let_time_act(self._world)
        found = self._world.store.get("invoice", request.path_params["id"])
        if found is None:
            return HTMLResponse("There is no such invoice.", 404, HEADERS)
        facts = {"number": found["number"], "amount": _amount(found), "status": found["status"], "id": found["id"]}
        return HTMLResponse(self._invoice.render(**facts), 200, HEADERS)

    async def pay_invoice(self, request: Request) -> Response:
        pay_invoice(self._world, request.path_params["id"])
        return RedirectResponse(request.url.path, 303)

    async def invoice_file(self, request: Request) -> Response:
        found = self._world.store.get("invoice", request.path_params["id"])
        if found is None:
            return PlainTextResponse("There is no such invoice.", 404)
        return PlainTextResponse(f"SIMULATION\nInvoice {found['number']}: {_amount(found)}, {found['status']}\n")


def pay_invoice(world: World, id_: str) -> Json | None:
    """With another card, at the invoice's page; None where there is nothing to pay."""
    with world.store.transaction():
        found = world.store.get("invoice", id_)
        if found is None or found["status"] != "open":
            return None
        subscriptions.settle(world, world.store.owner(id_), found)
        return found


def _state(subscription: Json) -> str:
    (item,) = subscription["items"]["data"]
    until = f"{datetime.fromtimestamp(item['current_period_end'], UTC):%Y-%m-%d}"
    if subscription["status"] == "canceled":
        return "ended"
    return f"{subscription['status'].replace('_', ' ')}, the period ends on {until}"


def _amount(invoice: Json) -> str:
    return str(Money(amount_minor=invoice["total"], currency=invoice["currency"]))


async def _posted(request: Request) -> str:
    return parse_qs((await request.body()).decode("utf-8", "replace")).get("action", [""])[0]
