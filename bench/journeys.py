"""Onboardings per second beside bare ones, what they take of processor and memory, and of Temporal's database."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from temporalio.client import Client as Engine

from bench.floors.processes import BareWorker, bare_worker
from bench.floors.worker import QUEUE
from bench.floors.workflows import BareOnboarding
from bench.lines import Line, median
from bench.records import Newcomer, Records, records_of
from bench.stack import running_world
from bench.usage import Clock, resident_megabytes, told
from db.ids import new_id
from domain.stages import Stage, Track
from tests.driver import Provider, World
from workflows.client_journey import ClientJourney
from workflows.messages import AccountOpened, IntakeSubmitted, StartJourney
from workflows.naming import TASK_QUEUE, client_journey_id
from workflows.search_attributes import opening

_WARM_UP = 10


@dataclass(frozen=True, kw_only=True)
class Size:
    """`rounds` of each side in turn, with `journeys` in each, `in_flight` of them at a time."""

    rounds: int
    journeys: int
    in_flight: int = 25


@dataclass(frozen=True, kw_only=True)
class Round:
    """`cost` is in milliseconds of processor per journey, by part; `stored` in bytes of database per journey."""

    per_second: float
    cost: dict[str, float]
    stored: float


async def measure(size: Size) -> list[Line]:
    async with (
        running_world() as world,
        records_of(world) as records,
        bare_worker(world) as bare,
    ):
        return await _Measurement(world, records, bare, await world.engine(), size).lines()


class _Measurement:
    def __init__(self, world: World, records: Records, bare: BareWorker, engine: Engine, size: Size) -> None:
        self._world = world
        self._records = records
        self._bare = bare
        self._engine = engine
        self._size = size
        self._pids = world.stack.supervisor.pids() | {"bare worker": bare.pid}

    async def lines(self) -> list[Line]:
        provider = await self._world.new_provider()
        at_rest = self._memory()
        await self._ours(provider, _WARM_UP)
        await self._bare_ones(_WARM_UP)
        ours, floor = [], []
        for _ in range(self._size.rounds):
            ours.append(await self._ours(provider, self._size.journeys))
            floor.append(await self._bare_ones(self._size.journeys))
        return [self._speed(ours, floor), *self._memory_lines(at_rest), self._storage(ours, floor)]

    async def _ours(self, provider: Provider, number: int) -> Round:
        newcomers = await self._records.newcomers(provider, number)
        return await self._timed([lambda one=one: self._journey(one) for one in newcomers])  # type: ignore[misc]

    async def _bare_ones(self, number: int) -> Round:
        return await self._timed([self._bare_journey] * number)

    async def _journey(self, one: Newcomer) -> None:
        """From the start to ready, its three mails in the mailbox. Told as `dispatch/delivery.py` tells it."""
        handle = await self._engine.start_workflow(
            ClientJourney.run,
            StartJourney(
                client_id=one.client_id,
                practice_id=one.practice_id,
                provider_id=one.provider_id,
                track=Track.ANONYMOUS,
            ),
            id=client_journey_id(one.client_id),
            task_queue=TASK_QUEUE,
            search_attributes=opening(
                practice_id=one.practice_id, provider_id=one.provider_id, client_id=one.client_id, stage=Stage.RECORDED
            ),
            static_summary="Client journey, anonymous track",
            static_details="From the first contact to the first booked visit. Names are in the console, not here.",
        )
        await self._records.reached(one.client_id, Stage.INVITED)
        await self._records.open_account(one)
        await handle.signal("account_opened", AccountOpened(account_id=one.account_id))
        await self._records.reached(one.client_id, Stage.INTAKE)
        submission = await self._records.submit_intake(one)
        await handle.signal("intake_submitted", IntakeSubmitted(submission_id=submission))
        await self._records.reached(one.client_id, Stage.READY)

    async def _bare_journey(self) -> None:
        journey = new_id("bare")
        handle = await self._engine.start_workflow(BareOnboarding.run, id=journey, task_queue=QUEUE)
        await self._bare.reached(journey, "mail", 3)
        await handle.signal(BareOnboarding.account_opened)
        await self._bare.reached(journey, "intake")
        await handle.signal(BareOnboarding.intake_submitted)
        await self._bare.reached(journey, "ready")

    async def _timed(self, journeys: Sequence[Callable[[], Awaitable[None]]]) -> Round:
        places = asyncio.Semaphore(self._size.in_flight)

        async def one(journey: Callable[[], Awaitable[None]]) -> None:
            async with places:
                await journey()

        stored = self._stored_bytes()
        clock = Clock.read(self._pids)
        begun = time.perf_counter()
        await asyncio.gather(*(one(journey) for journey in journeys))
        seconds = time.perf_counter() - begun
        return Round(
            per_second=len(journeys) / seconds,
            cost=Clock.read(self._pids).since(clock, len(journeys)),
            stored=(self._stored_bytes() - stored) / len(journeys),
        )

    def _stored_bytes(self) -> int:
        """Pages in use in Temporal's database, those in its write-ahead log included."""
        path = self._world.stack.plan.state_dir / "temporal.db"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            sizes = {
                name: int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            }
        finally:
            connection.close()
        return (sizes["page_count"] - sizes["freelist_count"]) * sizes["page_size"]

    def _memory(self) -> dict[str, float]:
        return {name: resident_megabytes(pid) for name, pid in self._pids.items()}

    def _speed(self, ours: Sequence[Round], floor: Sequence[Round]) -> Line:
        return Line(
            name="onboardings per second, workflow part",
            figure=median(one.per_second for one in ours),
            floor=median(one.per_second for one in floor),
            unit="/s",
            more_is_better=True,
            required=0.8,
            note=f"ms of processor per journey: ours {told(_mean_cost(ours))}; floor {told(_mean_cost(floor))}",
        )

    def _memory_lines(self, at_rest: dict[str, float]) -> list[Line]:
        after = self._memory()
        open_ones = self._size.rounds * self._size.journeys + _WARM_UP
        temporal = (
            f"Temporal's server, with both sides' journeys: {at_rest['temporal']:.0f}, then {after['temporal']:.0f}"
        )
        return [
            _megabytes("worker's memory at rest", at_rest["worker"], at_rest["bare worker"]),
            _megabytes(
                f"worker's memory after {open_ones} open journeys", after["worker"], after["bare worker"], temporal
            ),
        ]

    def _storage(self, ours: Sequence[Round], floor: Sequence[Round]) -> Line:
        return Line(
            name="Temporal's database per open journey",
            figure=median(one.stored for one in ours) / 1000,
            floor=median(one.stored for one in floor) / 1000,
            unit="kB",
        )


def _megabytes(name: str, figure: float, floor: float, note: str = "") -> Line:
    return Line(name=name, figure=figure, floor=floor, unit="MB", note=note)


def _mean_cost(rounds: Sequence[Round]) -> dict[str, float]:
    return {name: median(one.cost[name] for one in rounds) for name in rounds[0].cost}
