"""Who waits for whom, by PostgreSQL's own word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import psycopg

from tests.driver import Provider, World, until


async def somebody_waits_for(world: World, holder: psycopg.Connection[Any]) -> None:
    """Until a transaction of the stack waits for what this one has locked."""

    async def waits() -> bool:
        query = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
        return bool(world.rows(query, holder.info.backend_pid))

    await until(waits, "somebody to wait for what is locked")


async def both_in_turn(world: World, provider: Provider, one: Awaitable[Any], other: Awaitable[Any]) -> tuple[Any, Any]:
    """Both wait for the provider's calendar, the second one behind the first."""

    async def waiting(count: int) -> bool:
        query = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
        return bool(world.rows(query, "%provider_calendar%")[0]["n"] >= count)

    with psycopg.connect(world.endpoints["database_url"]) as holder:
        query = "SELECT 1 FROM provider_calendar c JOIN provider p ON p.id = c.provider_id WHERE p.slug = %s FOR UPDATE"
        holder.execute(query, (provider.slug,))
        first = asyncio.ensure_future(one)
        await until(lambda: waiting(1), "the first to wait for the calendar")
        second = asyncio.ensure_future(other)
        await until(lambda: waiting(2), "the second to wait behind it")
    return await first, await second
