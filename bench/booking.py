"""How long a client waits: from the claim to the checkout's address, and from the payment to the booked appointment.

The floor is a signal to a bare workflow, the child that it starts and the child's step; and a signal to that child and
its next step. It asks no processor and writes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from temporalio.client import Client as Engine

from bench.floors.processes import BareWorker, bare_worker
from bench.floors.worker import QUEUE
from bench.floors.workflows import BareBooking, BareJourney
from bench.lines import Line, median, percentile
from bench.records import Records, records_of
from bench.stack import running_world
from db.ids import new_id
from tests.driver import Person, World, ok, session_of

_AT_A_TIME = 4  # clients who get ready side by side; those who book do it one after the other
_LOOK_EVERY_SECONDS = 0.003


@dataclass(frozen=True, kw_only=True)
class Size:
    clients: int


@dataclass(frozen=True, kw_only=True)
class _Waits:
    """In seconds."""

    checkout: float
    booked: float


async def measure(size: Size) -> list[Line]:
    async with (
        running_world() as world,
        records_of(world) as records,
        bare_worker(world) as bare,
    ):
        people = await _ready_clients(world, size.clients)
        engine = await world.engine()
        ours: list[_Waits] = []
        floor: list[_Waits] = []
        for person in people:
            ours.append(await _book(world, records, person))
            floor.append(await _bare_booking(engine, bare))
    return [
        *_lines("claim to checkout address", [one.checkout for one in ours], [one.checkout for one in floor]),
        *_lines("paid to booked", [one.booked for one in ours], [one.booked for one in floor]),
    ]


async def _ready_clients(world: World, number: int) -> list[Person]:
    provider = await world.new_provider()
    places = asyncio.Semaphore(_AT_A_TIME)

    async def one() -> Person:
        async with places:
            return await world.ready_client(provider)

    return await asyncio.gather(*(one() for _ in range(number)))


async def _book(world: World, records: Records, person: Person) -> _Waits:
    slot = (await person.slots())[-1]
    claimed = time.perf_counter()
    appointment = ok(await person.book(slot), 201, 202)["id"]
    url = await _fact(records, "SELECT checkout_url AS fact FROM payment WHERE appointment_id = %s", appointment)
    offered = time.perf_counter()
    pay = f"{world.endpoints['simulator_url']}/_sim/sessions/{session_of(url)}/pay"
    paid = time.perf_counter()
    ok(await world.http.post(pay))
    query = "SELECT nullif(status, 'pending') AS fact FROM appointment WHERE id = %s"
    assert await _fact(records, query, appointment) == "booked"
    return _Waits(checkout=offered - claimed, booked=time.perf_counter() - paid)


async def _fact(records: Records, query: str, appointment: str) -> str:
    """Ask the database until the column isn't null."""
    async with asyncio.timeout(60):
        while True:
            rows = await records.rows(query, appointment)
            if rows and rows[0]["fact"]:
                return str(rows[0]["fact"])
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _bare_booking(engine: Engine, bare: BareWorker) -> _Waits:
    journey = new_id("bare")
    booking = f"{journey}:booking"
    handle = await engine.start_workflow(BareJourney.run, id=journey, task_queue=QUEUE)
    # Its first workflow task isn't part of what is timed, as it isn't with ours.
    await bare.reached(journey, "waiting")
    checkout = await _timed(handle.signal(BareJourney.claimed), bare.reached(booking, "checkout"))
    child = engine.get_workflow_handle(booking)
    return _Waits(
        checkout=checkout, booked=await _timed(child.signal(BareBooking.paid), bare.reached(booking, "booked"))
    )


async def _timed(told: Awaitable[None], reached: Awaitable[None]) -> float:
    begun = time.perf_counter()
    await told
    await reached
    return time.perf_counter() - begun


def _lines(name: str, ours: list[float], floor: list[float]) -> list[Line]:
    shares: list[tuple[str, Callable[[list[float]], float]]] = [
        ("p50", median),
        ("p99", lambda values: percentile(values, 0.99)),
    ]
    return [
        Line(
            name=f"{name}: {share}",
            figure=of(ours) * 1000,
            floor=of(floor) * 1000,
            unit="ms",
            note=f"of {len(ours)} one after the other" if share == "p99" else "",
        )
        for share, of in shares
    ]
