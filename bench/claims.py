"""Claims per second on one provider's calendar, beside a bare `SELECT ... FOR UPDATE` and an insert.

Everybody claims at once, each client another slot, so that all of them wait for the same lock. Only the database takes
part: server and worker are stopped, and the command is called as the server calls it, in a transaction each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from bench.lines import Line, median
from bench.records import Newcomer, Records, records_of
from bench.stack import running_world
from bench.usage import Clock, told
from commands.booking import claim, free_slots
from commands.office import Office
from db.engine import Database
from db.ids import new_id
from db.tenancy import client_by_id, provider_of
from domain.stages import Actor
from tests.driver import World
from tests.seeding import office_for

_AT_A_TIME = 20  # the pool of a server process
_CREATE = (
    "CREATE TABLE floor_calendar (id text PRIMARY KEY)",
    "CREATE TABLE floor_claim (id text PRIMARY KEY, calendar_id text NOT NULL, starts_at timestamptz NOT NULL)",
    "INSERT INTO floor_calendar VALUES ('one')",
)


@dataclass(frozen=True, kw_only=True)
class Size:
    """`claims` of each side in each round; a calendar has some 400 slots, and each round a calendar of its own."""

    rounds: int
    claims: int


async def measure(size: Size) -> list[Line]:
    async with running_world() as world, records_of(world) as records:
        database = Database(world.endpoints["database_url"], pool_size=_AT_A_TIME)
        for statement in _CREATE:
            await _execute(database, statement)
        ours: list[float] = []
        floor: list[float] = []
        rounds = [await _prepared(world, records, database, size) for _ in range(size.rounds + 1)]
        for name in ("server", "worker"):
            await world.stack.supervisor.stop(name)
        pids = {"postgres": world.stack.supervisor.pids()["postgres"]}
        # The first round warms both up and doesn't count.
        for claims, slots in rounds:
            clock = Clock.read(pids)
            ours.append(await _per_second(claims))
            spent = Clock.read(pids).since(clock, size.claims)
            floor.append(await _per_second([_bare(database, slot) for slot in slots]))
        await database.close()
    return [
        Line(
            name="claims per second on one calendar",
            figure=median(ours[1:]),
            floor=median(floor[1:]),
            unit="/s",
            more_is_better=True,
            note=f"ms of processor per claim in the last round: {told(spent)}",
        )
    ]


async def _prepared(
    world: World, records: Records, database: Database, size: Size
) -> tuple[list[Callable[[], Awaitable[None]]], list[datetime]]:
    """A provider, as many clients who may book, and the slots that they want."""
    provider = await world.new_provider()
    newcomers = await records.newcomers(provider, size.claims)
    for one in newcomers:
        await records.open_account(one)
        await records.submit_intake(one)
    office = office_for(world.stack, database)
    slots = await _slots(office, newcomers[0].provider_id, await world.now(), size.claims)
    return [_ours(office, one, slot) for one, slot in zip(newcomers, slots, strict=True)], slots


async def _slots(office: Office, provider_id: str, now: datetime, number: int) -> list[datetime]:
    found: list[datetime] = []
    async with office.database.transaction() as session:
        provider = await provider_of(session, provider_id)
        start = now + timedelta(days=1)
        while len(found) < number:
            end = start + timedelta(days=28)
            found += [slot.starts_at for slot in await free_slots(session, office, provider, start, end)]
            start = end
    return found[:number]


def _ours(office: Office, one: Newcomer, slot: datetime) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        async with office.database.transaction() as session:
            client = await client_by_id(session, one.client_id)
            await claim(session, office, client, slot, actor=Actor.CLIENT, idempotency_key=new_id("key"))

    return run


def _bare(database: Database, slot: datetime) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        async with database.transaction() as session:
            await session.execute(text("SELECT id FROM floor_calendar WHERE id = 'one' FOR UPDATE"))
            statement = text("INSERT INTO floor_claim VALUES (:id, 'one', :starts_at)")
            await session.execute(statement, {"id": new_id("clm"), "starts_at": slot})

    return run


async def _per_second(claims: Sequence[Callable[[], Awaitable[None]]]) -> float:
    places = asyncio.Semaphore(_AT_A_TIME)

    async def one(run: Callable[[], Awaitable[None]]) -> None:
        async with places:
            await run()

    begun = time.perf_counter()
    await asyncio.gather(*(one(run) for run in claims))
    return len(claims) / (time.perf_counter() - begun)


async def _execute(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(statement))
