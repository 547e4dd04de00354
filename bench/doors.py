"""The doors for machines beside bare FastAPI routes that insert one row by the same driver and pool; for signed events,
the bare one verifies the signature, too.

The worker is stopped meanwhile: in production it has a machine of its own. While many knock, telling Temporal waits; it
is done after the round and before the floor's turn, and how fast is noted. Rate limits stand as they are: the sign-ups
come from many addresses (by the header that a proxy sets) and go to several providers.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import stripe

from bench.floors.processes import bare_door
from bench.floors.web import SECRET
from bench.lines import Line, median, percentile
from bench.load import Load, hammer, post
from bench.stack import running_world
from bench.usage import Clock, resident_megabytes, told
from tests.driver import Provider, World, new_address

_CONNECTIONS = 16
_SIGNUPS_PER_PROVIDER = 1500  # fewer than the limit of 2,000 an hour
_REQUESTS_PER_ADDRESS = 50  # fewer than the limit of 300 in ten minutes


@dataclass(frozen=True, kw_only=True)
class Size:
    rounds: int
    requests: int


@dataclass(frozen=True, kw_only=True)
class _Door:
    """`make` prepares a request; `floor` gets the same body."""

    name: str
    make: Callable[[], bytes]
    floor: Callable[[], bytes]
    status: int


async def measure(size: Size) -> list[Line]:
    async with running_world() as world, bare_door(world) as (bare_pid, bare_port):
        await world.stack.supervisor.stop("worker")
        signups = 2 * size.rounds * size.requests
        providers = [await world.new_provider() for _ in range(1 + signups // _SIGNUPS_PER_PROVIDER)]
        pids = world.stack.supervisor.pids() | {"bare door": bare_pid}
        at_rest = {name: resident_megabytes(pid) for name, pid in pids.items()}
        lines: list[Line] = []
        for door in (_signups(providers), _fee_events(world)):
            lines += await _compare(world, door, bare_port, size, pids)
        requests = 4 * size.rounds * size.requests
        after = {name: resident_megabytes(pid) for name, pid in pids.items()}
        for when, memory in (("at rest", at_rest), (f"after about {requests:,} requests", after)):
            name = f"server's memory {when}"
            lines.append(Line(name=name, figure=memory["server"], floor=memory["bare door"], unit="MB"))
        return lines


async def _compare(world: World, door: _Door, bare_port: int, size: Size, pids: dict[str, int]) -> list[Line]:
    port = world.stack.plan.http_port
    ours: list[Load] = []
    floor: list[Load] = []
    costs: list[dict[str, float]] = []
    floor_costs: list[dict[str, float]] = []
    told_after: list[float] = []
    # The first round warms both up and doesn't count.
    for _ in range(size.rounds + 1):
        clock = Clock.read(pids)
        ours.append(await _round(port, door.make, door.status, size))
        between = Clock.read(pids)
        costs.append(between.since(clock, size.requests))
        told_after.append(await _everything_told(world))
        between = Clock.read(pids)
        floor.append(await _round(bare_port, door.floor, 202, size))
        floor_costs.append(Clock.read(pids).since(between, size.requests))
    cost, floor_cost = ({name: median(one[name] for one in of) for name in pids} for of in (costs, floor_costs))
    return [
        Line(
            name=f"{door.name}: throughput",
            figure=median(one.per_second for one in ours[1:]),
            floor=median(one.per_second for one in floor[1:]),
            unit="/s",
            more_is_better=True,
            required=0.5,
            note=f"ms of processor per request: ours {told(cost)}; floor {told(floor_cost)}{_told_note(told_after)}",
        ),
        Line(
            name=f"{door.name}: p99 of {_CONNECTIONS} at a time",
            figure=median(percentile(one.latencies, 0.99) * 1000 for one in ours[1:]),
            floor=median(percentile(one.latencies, 0.99) * 1000 for one in floor[1:]),
            unit="ms",
            required=0.5,
        ),
    ]


async def _everything_told(world: World) -> float:
    """Wait until the server has told Temporal what the round left; events per second, 0 where nothing was left."""
    waiting = "SELECT count(*) AS events FROM external_event WHERE handled_at IS NULL"
    begun = time.perf_counter()
    left = events = int(world.rows(waiting)[0]["events"])
    while events:
        await asyncio.sleep(0.1)
        events = int(world.rows(waiting)[0]["events"])
    return left / (time.perf_counter() - begun)


def _told_note(told_after: Sequence[float]) -> str:
    per_second = median(told_after)
    return f"; told to Temporal after the answers: {per_second:.0f} /s" if per_second else ""


async def _round(port: int, make: Callable[[], bytes], status: int, size: Size) -> Load:
    requests = [make() for _ in range(size.requests)]
    return await hammer(port, requests, connections=_CONNECTIONS, status=status)


def _signups(providers: Sequence[Provider]) -> _Door:
    numbers = itertools.count()

    def body() -> dict[str, object]:
        return {"fields": {"first_name": "Ana", "last_name": "Anonymous", "email": new_address()}}

    def make() -> bytes:
        number = next(numbers)
        block = number // _REQUESTS_PER_ADDRESS
        address = f"10.{block >> 16 & 255}.{block >> 8 & 255}.{block & 255}"
        provider = providers[number % len(providers)]
        return post(f"/webhooks/signups/{provider.slug}", body(), {"X-Forwarded-For": address})

    return _Door(name="sign-up door", make=make, floor=lambda: post("/rows", body(), {}), status=202)


def _fee_events(world: World) -> _Door:
    """Signed events about a checkout that isn't ours: verified and kept."""
    secret = str(world.endpoints["stripe_fees_webhook_secret"])

    def body() -> str:
        session = f"cs_{secrets.token_hex(12)}"
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "account": "acct_bench",
            "type": "checkout.session.completed",
            "livemode": False,
            "data": {"object": {"id": session, "object": "checkout.session", "payment_intent": f"pi_{session}"}},
        }
        return json.dumps(event)

    def make() -> bytes:
        content = body()
        signature = stripe.WebhookSignature.generate_signature_header(content, secret)
        return post("/webhooks/stripe/fees", content.encode(), {"Stripe-Signature": signature})

    def floor() -> bytes:
        content = body()
        signature = stripe.WebhookSignature.generate_signature_header(content, SECRET)
        return post("/signed-rows", content.encode(), {"Stripe-Signature": signature})

    return _Door(name="fee event door", make=make, floor=floor, status=200)
