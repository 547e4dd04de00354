"""Who waits for whom, by PostgreSQL's own word."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.driver import World, until


async def somebody_waits_for(world: World, holder: psycopg.Connection[Any]) -> None:
    """Until a transaction of the stack waits for what this one has locked."""

    async def waits() -> bool:
        query = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        return bool(world.rows(query, holder.info.backend_pid))

    await until(waits, "somebody to wait for what is locked")
