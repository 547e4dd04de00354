"""The routes of tests and launcher (`/_sim/...`): act as the payer, set faults and clock, read what was asked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from devstack.simulator import accounts, customers, dashboard, payers, subscriptions
from devstack.simulator.billing_page import pay_invoice
from devstack.simulator.faults import FaultError, Faults
from devstack.simulator.journal import Journal
from devstack.simulator.store import Json
from devstack.simulator.world import World

# What the person in front of a checkout can do, and the bank of their card.
_PAYER: dict[str, Callable[[World, str], Json]] = {
    "pay": payers.pay,
    "decline": payers.be_declined,
    "challenge": payers.be_asked,
    "confirm": payers.confirm,
    "fail": payers.fail_to_confirm,
}


class Control:
    """Not part of Stripe's API; needs no key, as it is on loopback only."""

    def __init__(self, world: World, faults: Faults, journal: Journal, is_alive: Callable[[], bool]) -> None:
        self._world = world
        self._faults = faults
        self._journal = journal
        self._is_alive = is_alive

    def routes(self) -> list[Route]:
        return [
            Route("/_sim/health", self.health),
            Route("/_sim/accounts", self.register_account, methods=["POST"]),
            Route("/_sim/accounts/{id}/{act}", self.act_on_account, methods=["POST"]),
            Route("/_sim/customers/{id}/card", self.change_card, methods=["POST"]),
            Route("/_sim/invoices/{id}/pay", self.pay_invoice, methods=["POST"]),
            Route("/_sim/subscriptions/{id}/cancel", self.cancel_subscription, methods=["POST"]),
            Route("/_sim/sessions/{id}/{act}", self.act, methods=["POST"]),
            Route("/_sim/payment_intents/{id}/{act}", self.act_on_payment, methods=["POST"]),
            Route("/_sim/requests", self.requests),
            Route("/_sim/faults", self.faults),
            Route("/_sim/faults", self.set_faults, methods=["PUT"]),
            Route("/_sim/clock", self.clock),
            Route("/_sim/clock", self.set_clock, methods=["PUT"]),
        ]

    async def health(self, request: Request) -> Response:
        alive = self._is_alive()
        return JSONResponse({"status": "ok" if alive else "ill", "simulation": True}, 200 if alive else 503)

    async def register_account(self, request: Request) -> Response:
        body = await _json(request)
        if not isinstance(body, dict) or not isinstance(body.get("id"), str):
            return _problem(422, "id is missing")
        try:
            account = accounts.register(self._world, body["id"], bool(body.get("charges_enabled", True)))
        except accounts.AccountIdError:
            return _problem(422, "id must look like acct_...")
        return JSONResponse({"id": account["id"], "charges_enabled": account["charges_enabled"]})

    async def act_on_account(self, request: Request) -> Response:
        account = accounts.act(self._world, request.path_params["id"], request.path_params["act"])
        if account is None:
            return _problem(404, "no such account or action")
        return JSONResponse({"id": account["id"], "charges_enabled": account["charges_enabled"]})

    async def change_card(self, request: Request) -> Response:
        body = await _json(request)
        good = body.get("good") if isinstance(body, dict) else None
        if not isinstance(good, bool):
            return _problem(422, "good is true or false")
        return _found(customers.change_card(self._world, request.path_params["id"], good=good))

    async def pay_invoice(self, request: Request) -> Response:
        return _found(pay_invoice(self._world, request.path_params["id"]))

    async def cancel_subscription(self, request: Request) -> Response:
        return _found(subscriptions.cancel_now(self._world, request.path_params["id"]))

    async def act(self, request: Request) -> Response:
        session_id, name = request.path_params["id"], request.path_params["act"]
        session = payers.find_session(self._world, session_id)
        if session is None or name not in (*_PAYER, "close"):
            return _problem(404, "no such session or action")
        try:
            if name != "close":
                session = _PAYER[name](self._world, session_id)
        except payers.SessionNotOpenError:
            return _problem(409, f"the session is {session['status']}")
        except payers.NothingToConfirmError:
            return _problem(409, "no bank asks the cardholder anything")
        return JSONResponse(_shown(session))

    async def act_on_payment(self, request: Request) -> Response:
        body = await _json(request)
        facts = body if isinstance(body, dict) else {}
        return _found(dashboard.act(self._world, request.path_params["id"], request.path_params["act"], facts))

    async def requests(self, request: Request) -> Response:
        return JSONResponse({"items": self._journal.items()})

    async def faults(self, request: Request) -> Response:
        return JSONResponse({"items": self._faults.all()})

    async def set_faults(self, request: Request) -> Response:
        try:
            return JSONResponse({"items": self._faults.replace(await _json(request))})
        except FaultError as error:
            return _problem(422, str(error))

    async def clock(self, request: Request) -> Response:
        clock = self._world.clock
        return JSONResponse({"offset_seconds": clock.offset_seconds, "now": clock.now()})

    async def set_clock(self, request: Request) -> Response:
        body = await _json(request)
        offset = body.get("offset_seconds") if isinstance(body, dict) else None
        if isinstance(offset, bool) or not isinstance(offset, int | float) or not math.isfinite(offset):
            return _problem(422, "offset_seconds is a number")
        self._world.clock.set_offset(offset)
        payers.let_time_act(self._world)
        return await self.clock(request)


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (JSONDecodeError, UnicodeDecodeError):
        return None


def _problem(status: int, detail: str) -> Response:
    return JSONResponse({"error": {"message": detail}}, status)


def _found(changed: Json | None) -> Response:
    if changed is None:
        return _problem(404, "there is nothing of that id, or nothing to change")
    return JSONResponse({"id": changed["id"], "status": changed.get("status")})


def _shown(session: Json) -> Json:
    names = ("id", "status", "payment_status", "payment_intent", "success_url", "cancel_url")
    return {name: session[name] for name in names}
