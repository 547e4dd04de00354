"""Connections: a dead one is replaced unseen, and a single statement is committed when it returns."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from tests.driver import World

_BACKEND = text("SELECT pg_backend_pid()")


async def backend(session: AsyncSession) -> int:
    return int((await session.execute(_BACKEND)).scalar_one())


@pytest.mark.parametrize("ways", ["transaction", "statements"])
async def test_a_connection_that_was_closed_while_it_rested_is_replaced(world: World, ways: str) -> None:
    database = Database(world.endpoints["database_url"], pool_size=1, believed_seconds=0)
    begin = getattr(database, ways)
    async with begin() as session:
        first = await backend(session)
    async with begin() as session:
        assert await backend(session) == first
    assert world.rows("SELECT pg_terminate_backend(%s, 5000) AS gone", first) == [{"gone": True}]
    async with begin() as session:
        assert await backend(session) != first
    await database.close()


async def test_a_statement_stays_and_a_transaction_is_undone(world: World) -> None:
    database = Database(world.endpoints["database_url"], pool_size=1)
    insert = text("INSERT INTO event_subject (subject) VALUES (:subject)")
    for ways, subject in ((database.statements, "test:one"), (database.transaction, "test:two")):
        with pytest.raises(RuntimeError):
            async with ways() as session:
                await session.execute(insert, {"subject": subject})
                raise RuntimeError
    kept = world.rows("SELECT subject FROM event_subject WHERE subject IN ('test:one', 'test:two')")
    assert kept == [{"subject": "test:one"}]
    await database.close()
