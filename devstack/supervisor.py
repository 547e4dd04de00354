"""A small supervisor: starts parts, starts them again on their ports when they die, stops all of them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from devstack.processes import Part, forked

_POLL_SECONDS = 0.05
_READY_SECONDS = 60.0
# A part that dies again at once is given a little more time before each new try.
_BACK_OFF_SECONDS = (0.2, 1.0, 2.0, 5.0)


class PartFailed(Exception):
    """A part didn't come up; the message says which, and where its log is."""


class Supervisor:
    """All methods belong to one event loop, whose thread must be the main one: the kernel ends children with it."""

    def __init__(self, log_dir: Path, say: Callable[[str], None]) -> None:
        self._log_dir = log_dir
        self._say = say
        self._parts: dict[str, Part] = {}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        log_dir.mkdir(parents=True, exist_ok=True)

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._processes.items() if process.returncode is None}

    async def start(self, part: Part) -> float:
        """Start it, wait until it is ready, and look after it from then on; the seconds it took.

        Raises PartFailed when it ends, or isn't ready within a minute.
        """
        begun = time.monotonic()
        self._parts[part.name] = part
        await self._spawn(part)
        await self._until_ready(part)
        self._watchers[part.name] = asyncio.create_task(self._look_after(part))
        return time.monotonic() - begun

    async def start_again(self, name: str) -> None:
        """After `stop` or `kill`, with the same command on the same port."""
        await self.start(self._parts[name])

    async def stop(self, name: str) -> None:
        """Ask it to end, insist after its time; it isn't started again until `start_again`."""
        await self._unwatch(name)
        process = self._processes.get(name)
        if process is None or process.returncode is not None:
            return
        part = self._parts[name]
        _signal(process, signal.Signals[part.stop_signal])
        try:
            await asyncio.wait_for(process.wait(), part.stop_seconds)
        except TimeoutError:
            self._say(f"{name} didn't stop by itself and was killed")
            _signal(process, signal.SIGKILL)
            await process.wait()

    async def kill(self, name: str, *, watched: bool = False) -> None:
        """`kill -9`, with everything that it started. With `watched` the supervisor starts it again."""
        if not watched:
            await self._unwatch(name)
        process = self._processes[name]
        _signal(process, signal.SIGKILL)
        await process.wait()

    async def stop_all(self) -> None:
        """In the reverse order of starting."""
        for name in reversed(list(self._parts)):
            await self.stop(name)

    async def _spawn(self, part: Part) -> None:
        with (self._log_dir / f"{part.name}.log").open("ab") as log:
            self._processes[part.name] = await asyncio.create_subprocess_exec(
                *part.command,
                env=part_environment(part.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **forked(part.account),
            )

    async def _until_ready(self, part: Part) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        process = self._processes[part.name]
        while not await asyncio.to_thread(part.ready):
            if process.returncode is not None:
                raise PartFailed(f"{part.name} ended with code {process.returncode}: {self._last_words(part.name)}")
            if time.monotonic() > deadline:
                raise PartFailed(f"{part.name} isn't ready after {_READY_SECONDS:.0f} s: {self._last_words(part.name)}")
            await asyncio.sleep(_POLL_SECONDS)

    async def _look_after(self, part: Part) -> None:
        tries = 0
        while True:
            started = time.monotonic()
            code = await self._processes[part.name].wait()
            tries = tries + 1 if time.monotonic() - started < 10 else 0
            self._say(f"{part.name} died (code {code}) and is started again")
            await asyncio.sleep(_BACK_OFF_SECONDS[min(tries, len(_BACK_OFF_SECONDS) - 1)])
            await self._spawn(part)
            try:
                await self._until_ready(part)
            except PartFailed as error:
                self._say(str(error))
                continue
            self._say(f"{part.name} is back")

    async def _unwatch(self, name: str) -> None:
        watcher = self._watchers.pop(name, None)
        if watcher is not None:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

    def _last_words(self, name: str) -> str:
        path = self._log_dir / f"{name}.log"
        lines = path.read_text(errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'it said nothing'} (see {path})"


def _signal(process: asyncio.subprocess.Process, name: signal.Signals) -> None:
    """To the whole session that the part leads: a killed server takes its workers with it."""
    try:
        if name is signal.SIGKILL:
            os.killpg(process.pid, name)
        else:
            process.send_signal(name)
    except ProcessLookupError:
        return


def part_environment(additions: Mapping[str, str]) -> dict[str, str]:
    """Ours without our own settings: each part is told exactly what it is to know."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    return inherited | dict(additions)
