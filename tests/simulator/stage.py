"""What the tests of the simulator are played on: a running simulator, a receiver of webhooks, and the real gateway."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from devstack.simulator.app import build_app
from devstack.simulator.config import Endpoint, SimulatorConfig
from domain.money import Money
from domain.ports import CheckoutRequest, ProcessorEvent
from gateways.stripe_payments import StripePayments
from gateways.stripe_webhooks import StripeWebhooks

API_KEY = "sk_test_sim_tests"
FEES_SECRET = "whsec_sim_fees"
MERCHANT, OTHER_MERCHANT = "acct_sim_merchant", "acct_sim_other"
FORTY = Money(amount_minor=4000, currency="usd")


class QuietServer(uvicorn.Server):
    """A server inside the test's own event loop, which leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Board:
    """One server for all tests, since starting and stopping it takes longer than most of them: it serves the app that
    is plugged in at the moment."""

    url: str
    plugged: Starlette = field(default_factory=Starlette)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.plugged(scope, receive, send)


@asynccontextmanager
async def serving() -> AsyncIterator[Board]:
    """A board on a socket that already listens, so that nobody has to wait for it."""
    listener, url = listen()
    board = Board(url)
    config = uvicorn.Config(board, log_level="warning", access_log=False, timeout_graceful_shutdown=1, lifespan="off")
    server = QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield board
    finally:
        server.should_exit = True
        await task


def listen() -> tuple[socket.socket, str]:
    """A listening socket on a free port, and its address."""
    # With the protocol named, asyncio switches Nagle's algorithm off (40 ms an answer).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass
class Receiver:
    """The far side of the webhooks: keeps what comes; answers 500 as often as `refusals` says."""

    refusals: int = 0
    received: asyncio.Queue[tuple[bytes, str]] = field(default_factory=asyncio.Queue)

    def route(self) -> Route:
        async def receive(request: Request) -> Response:
            if self.refusals:
                self.refusals -= 1
                return Response(status_code=500)
            await self.received.put((await request.body(), request.headers["Stripe-Signature"]))
            return Response(status_code=204)

        return Route("/fees", receive, methods=["POST"])

    async def next(self) -> tuple[ProcessorEvent, dict[str, Any]]:
        """The next event that verifies with the gateway, and its object."""
        payload, signature = await asyncio.wait_for(self.received.get(), 8)
        event = StripeWebhooks([FEES_SECRET], livemode=False).verify(payload, signature, datetime.now(UTC))
        body: dict[str, Any] = json.loads(payload)["data"]["object"]
        return event, body

    async def until(self, type_: str) -> tuple[ProcessorEvent, dict[str, Any]]:
        """The next event of this type; what comes before it is passed over."""
        while True:
            event, body = await self.next()
            if event.type == type_:
                return event, body


@dataclass
class Stage:
    """A running simulator, as its users see it."""

    url: str
    http: httpx.AsyncClient
    payments: StripePayments
    receiver: Receiver

    @property
    def sdk(self) -> stripe.StripeClient:
        """The SDK itself, for what the gateway would never ask."""
        return self.payments._client

    async def act(self, session_id: str, act: str) -> dict[str, Any]:
        """Pay, decline or close, as the person at the hosted page."""
        response = await self.http.post(f"/_sim/sessions/{session_id}/{act}")
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    async def faults(self, *faults: Mapping[str, object]) -> None:
        (await self.http.put("/_sim/faults", json=list(faults))).raise_for_status()

    async def requests(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.http.get("/_sim/requests")).json()["items"]
        return items

    async def advance(self, seconds: int) -> None:
        (await self.http.put("/_sim/clock", json={"offset_seconds": seconds})).raise_for_status()

    async def post(self, path: str, data: Mapping[str, str], **headers: str) -> httpx.Response:
        """A raw request on the merchant's account, past the SDK."""
        base = {"Authorization": f"Bearer {API_KEY}", "Stripe-Account": MERCHANT}
        base |= {"Stripe-Version": stripe.api_version}
        return await self.http.post(path, data=dict(data), headers=base | headers)


def a_checkout(**changes: Any) -> CheckoutRequest:
    """A fee of 40 dollars, payable for an hour."""
    base: dict[str, Any] = {
        "merchant_account": MERCHANT,
        "fee_reference": "fee_1",
        "amount": FORTY,
        "purpose": "Appointment fee",
        "success_url": "http://portico.test/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://portico.test/back",
        "expires_at": datetime.now(UTC) + timedelta(hours=1),
        "idempotency_key": "test:fee_1:1:session",
    }
    return CheckoutRequest(**base | changes)


@asynccontextmanager
async def a_stage(board: Board, data_dir: Path) -> AsyncIterator[Stage]:
    """A simulator with its receiver; a second one on the same directory goes on where the first one stopped."""
    receiver = Receiver()
    endpoint = Endpoint(name="fees", url=f"{board.url}/fees", secret=FEES_SECRET)
    config = SimulatorConfig(data_dir=data_dir, base_url=board.url, api_key=API_KEY, webhooks={"fees": endpoint})
    app = build_app(config)
    app.router.routes.append(receiver.route())
    board.plugged = app
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(base_url=board.url, timeout=5, verify=False) as http,
        aclosing(StripePayments(API_KEY, board.url, http_timeout_seconds=1)) as payments,
    ):
        for account in (MERCHANT, OTHER_MERCHANT):
            response = await http.post("/_sim/accounts", json={"id": account, "charges_enabled": True})
            response.raise_for_status()
        yield Stage(url=board.url, http=http, payments=payments, receiver=receiver)
