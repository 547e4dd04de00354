"""Starting the floors' processes beside a stack, and hearing what the bare worker has done."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator

import psycopg

from bench.floors.web import CREATE
from devstack.processes import forked
from devstack.stack import answers, free_port
from tests.driver import World, until


class BareWorker:
    """`pid`, and what each workflow has reached."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self.ready = asyncio.Event()
        self._process = process
        self._reached: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._waiting: dict[tuple[str, str, int], asyncio.Future[None]] = {}

    async def reached(self, workflow_id: str, name: str, times: int = 1) -> None:
        """Wait until the step has been run so often."""
        if self._reached[workflow_id][name] < times:
            future = asyncio.get_running_loop().create_future()
            self._waiting[workflow_id, name, times] = future
            await future

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            workflow_id, _, name = line.decode().strip().partition(" ")
            if not name:
                self.ready.set()
                continue
            self._reached[workflow_id][name] += 1
            future = self._waiting.pop((workflow_id, name, self._reached[workflow_id][name]), None)
            if future is not None:
                future.set_result(None)


@contextlib.asynccontextmanager
async def bare_worker(world: World) -> AsyncIterator[BareWorker]:
    command = [sys.executable, "-m", "bench.floors.worker", str(world.endpoints["temporal_address"])]
    async with _process(command, stdout=asyncio.subprocess.PIPE) as process:
        worker = BareWorker(process)
        listening = asyncio.create_task(worker.listen())
        try:
            async with asyncio.timeout(60):
                await worker.ready.wait()
            yield worker
        finally:
            listening.cancel()


@contextlib.asynccontextmanager
async def bare_door(world: World) -> AsyncIterator[tuple[int, int]]:
    """Its pid and its port, and a table of its own in the stack's database."""
    port = free_port()
    with psycopg.connect(world.endpoints["database_url"]) as connection:
        connection.execute(CREATE)
    command = [sys.executable, "-m", "bench.floors.web", str(world.endpoints["database_url"]), str(port)]
    async with _process(command) as process:

        async def up() -> bool:
            return await asyncio.to_thread(answers, f"http://127.0.0.1:{port}/healthz")

        await until(up, "the bare door")
        yield process.pid, port


@contextlib.asynccontextmanager
async def _process(command: list[str], stdout: int | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(*command, stdout=stdout, **forked(None))
    try:
        yield process
    finally:
        process.kill()
        await process.wait()
