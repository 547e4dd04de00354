"""Backups are taken and put back here, so these tests have a stack of their own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from devstack.stack import Stack
from domain.reconciliation import Matter
from reconcile import Asked, Outcome, reconcile
from tests.conftest import plan_for
from tests.driver import Provider, World, until
from tests.merchants import charges
from tests.seeding import settings_of


class RecoveringWorld(World):
    """A world whose parts are backed up and restored."""

    def back_up_temporal(self) -> Path:
        """A consistent copy, while the server runs."""
        backup = self.stack.plan.state_dir / "temporal-backup.db"
        backup.unlink(missing_ok=True)
        with closing(sqlite3.connect(self._temporal_file)) as live, closing(sqlite3.connect(backup)) as copy:
            live.backup(copy)
        return backup

    async def restore_temporal(self, backup: Path | None) -> None:
        """To the copy, or (None) to nothing. Workers begin anew: they remember what Temporal has forgotten."""
        supervisor = self.stack.supervisor
        for part in ("worker", "temporal"):
            await supervisor.kill(part)
        for suffix in ("", "-wal", "-shm"):
            self._temporal_file.with_name(f"{self._temporal_file.name}{suffix}").unlink(missing_ok=True)
        if backup is not None:
            self._temporal_file.write_bytes(backup.read_bytes())
        for part in ("temporal", "worker"):
            await supervisor.start_again(part)

    async def back_up_records(self) -> Path:
        backup = self.stack.plan.state_dir / "records.dump"
        await self._postgres_tool("pg_dump", "--format=custom", f"--file={backup}", f"--dbname={self._database_url}")
        return backup

    async def restore_records(self, backup: Path) -> None:
        """Nobody may write meanwhile."""
        supervisor = self.stack.supervisor
        writers = ("server", "worker")
        await asyncio.gather(*(supervisor.kill(part) for part in writers))
        into = f"--dbname={self._database_url}"
        await self._postgres_tool("pg_restore", "--clean", "--if-exists", "--single-transaction", into, str(backup))
        await asyncio.gather(*(supervisor.start_again(part) for part in writers))

    def charges(self, provider: Provider) -> list[tuple[int, int]]:
        return charges(self, provider)

    async def copies(self, *addresses: str) -> list[int]:
        """How often each message has come, of all that these were sent."""
        sent: Counter[str] = Counter()
        for address in addresses:
            sent.update(str(mail["Message-ID"]) for mail in await self.mails(address))
        return sorted(sent.values())

    async def reconcile(self, *, repair: bool = False, end_unknown: bool = False) -> Outcome:
        """Nothing is given time: what is read here has come to rest, or isn't looked at."""
        asked = Asked(repair=repair, end_unknown=end_unknown, grace=timedelta())
        return await reconcile(settings_of(self.stack), asked)

    async def reconciled(self) -> None:
        """Wait until a look finds nothing any more."""
        seen: list[Outcome] = []

        async def clean() -> bool:
            seen.append(await self.reconcile())
            return not seen[-1].findings

        try:
            await until(clean, "nothing to be found", 20)
        except AssertionError:
            raise AssertionError(f"still found: {seen[-1].findings}") from None

    @property
    def _temporal_file(self) -> Path:
        return self.stack.temporal.database_file

    @property
    def _database_url(self) -> str:
        return str(self.endpoints["database_url"])

    async def _postgres_tool(self, name: str, *arguments: str) -> None:
        program = str(self.stack.postgres.tool(name))
        process = await asyncio.create_subprocess_exec(program, *arguments, stderr=asyncio.subprocess.PIPE)
        _, said = await process.communicate()
        assert process.returncode == 0, said.decode()


def matters(outcome: Outcome, *subjects: str) -> Counter[Matter]:
    """What was found, of everybody or of these."""
    return Counter(one.matter for one in outcome.findings if not subjects or one.subject in subjects)


@pytest.fixture(scope="package")
async def recovering(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    stack = Stack(plan_for(tmp_path_factory.mktemp("recovery")), lambda line: None)
    try:
        await stack.start()
        yield stack
    finally:
        await stack.stop()


@pytest.fixture
async def world(recovering: Stack) -> AsyncIterator[RecoveringWorld]:
    # No connection is kept: server and mailbox are stopped and started here.
    async with httpx.AsyncClient(timeout=20, limits=httpx.Limits(max_keepalive_connections=0)) as http:
        world = RecoveringWorld(recovering, http)
        yield world
        await world.close()


@pytest.fixture
async def provider(world: RecoveringWorld) -> Provider:
    return await world.new_provider()
