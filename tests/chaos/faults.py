"""What is done to a part: killed, hung, or erring in the way that is its own."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from devstack.supervisor import PartFailed, Supervisor
from tests.chaos.effects import Kind, Part
from tests.chaos.gates import OURS, Ledger
from tests.chaos.walker import Walker
from tests.driver import World, until

# Longer than what waits for the part: heartbeats (5 s) for the worker, calls to Temporal (3 s), connecting to the
# database (5 s), the mail server's answers (20 s), the processor's (10 s). People wait for the server.
_HUNG_SECONDS = {
    Part.WORKER: 6.0,
    Part.TEMPORAL: 4.0,
    Part.SERVER: 4.0,
    Part.POSTGRES: 6.0,
    Part.MAILBOX: 21.0,
    Part.SIMULATOR: 11.0,
}
MEANING = {
    (Part.WORKER, Kind.ERRORING): "asked to stop (a deployment): what is under way gets its time, then started again",
    (Part.SERVER, Kind.ERRORING): "asked to stop (a deployment), then started again",
    (Part.TEMPORAL, Kind.ERRORING): "asked to stop, then started again: calls and polls are answered with errors",
    (Part.POSTGRES, Kind.ERRORING): "every connection of the application is terminated (`pg_terminate_backend`)",
    (
        Part.MAILBOX,
        Kind.ERRORING,
    ): "greylisting: 451 to the next two mails; during a mail: taken, and cut off unanswered",
    (
        Part.SIMULATOR,
        Kind.ERRORING,
    ): "the next calls get 500 and 429, webhooks come twice or never; during a call: done, and the answer is lost",
}
_TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    f" AND application_name <> '{OURS}' AND pid <> pg_backend_pid()"
)
_WEBHOOKS: list[dict[str, object]] = [
    {"match": "checkout.session.completed", "action": "drop", "times": None},
    {"match": "payment_intent.*", "action": "duplicate", "times": None},
    {"match": "charge.*", "action": "duplicate", "times": None},
]


def _family(leader: int) -> list[int]:
    """A process and all that descends from it: those of PostgreSQL are beyond a signal to the group."""
    parents: dict[int, int] = {}
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            with suppress(OSError, IndexError):
                parents[int(one.name)] = int((one / "stat").read_text().rpartition(")")[2].split()[1])
    family, waiting = [leader], [leader]
    while waiting:
        parent = waiting.pop()
        children = [pid for pid, of in parents.items() if of == parent]
        family += children
        waiting += children
    return family


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def start_again(supervisor: Supervisor, part: str) -> None:
    async def started() -> bool:
        with suppress(PartFailed):  # A killed PostgreSQL waits for the last of its processes.
            await supervisor.start_again(part)
            return True
        return False

    await until(started, f"{part} to start")


async def kill(supervisor: Supervisor, part: str) -> None:
    family = _family(supervisor.pids()[part])
    await supervisor.kill(part)
    _signal(family[1:], signal.SIGKILL)


class Faults:
    """Strikes one part; `walkers` are those whom an erring far side fails."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        self._world = world
        self._ledger = ledger

    @asynccontextmanager
    async def on(self, part: Part, kind: Kind, walkers: list[Walker]) -> AsyncIterator[None]:
        """The part is as the kind says for the block, and well again (if it needs help with that) afterwards."""
        if kind is Kind.KILLED:
            async with self._killed(part):
                yield
        elif kind is Kind.HUNG:
            async with self._hung(part):
                yield
        elif part is Part.POSTGRES:
            await self._ledger.rows(_TERMINATE)
            yield
        elif part is Part.MAILBOX:
            await self._put("mailbox_url", "/api/faults", greylisted(walkers))
            yield
        elif part is Part.SIMULATOR:
            await self._put("simulator_url", "/_sim/faults", failing(walkers))
            yield
        else:
            async with self._restarted(part):
                yield

    async def well_again(self) -> None:
        """No fault is left over from this round."""
        await self._put("mailbox_url", "/api/faults", [])
        await self._put("simulator_url", "/_sim/faults", [])

    @asynccontextmanager
    async def _killed(self, part: Part) -> AsyncIterator[None]:
        await kill(self._world.stack.supervisor, part)
        try:
            yield
        finally:
            await start_again(self._world.stack.supervisor, part)

    @asynccontextmanager
    async def _hung(self, part: Part) -> AsyncIterator[None]:
        family = _family(self._world.stack.supervisor.pids()[part])
        _signal(family, signal.SIGSTOP)
        try:
            await asyncio.sleep(_HUNG_SECONDS[part])  # The one wait for time: hanging is lasting too long.
            yield
        finally:
            _signal(family, signal.SIGCONT)

    @asynccontextmanager
    async def _restarted(self, part: Part) -> AsyncIterator[None]:
        supervisor = self._world.stack.supervisor
        # What is under way is let go meanwhile: a graceful end waits for it.
        stopping = asyncio.create_task(supervisor.stop(part))
        try:
            yield
        finally:
            await stopping
            await start_again(supervisor, part)

    async def _put(self, where: str, path: str, faults: list[dict[str, object]]) -> None:
        async def put() -> bool:
            with suppress(httpx.TransportError):
                return (await self._world.http.put(f"{self._world.endpoints[where]}{path}", json=faults)).is_success
            return False

        await until(put, f"the faults of {where}")


def greylisted(walkers: list[Walker]) -> list[dict[str, object]]:
    addresses = [one for walker in walkers for one in (walker.address, walker.provider.seeded.front_desk)]
    return [{"to": one.lower(), "reply": 451, "times": 2} for one in addresses]


def failing(walkers: list[Walker]) -> list[dict[str, object]]:
    """Of two faults for the same request the first one strikes until it is used up."""
    requests: list[dict[str, object]] = [
        {"match": f"/v1/* {walker.provider.seeded.merchant_account}", "action": action, "times": 1}
        for walker in walkers
        for action in ("500", "429")
    ]
    return [*requests, *_WEBHOOKS]
