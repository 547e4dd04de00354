"""The connection to PostgreSQL: one engine per process, one transaction per request or activity."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

# A connection that was of use so lately is believed: asking it costs a round trip of each transaction.
_BELIEVED_SECONDS = 1.0


def driver_url(database_url: str) -> URL:
    """`postgresql://...` as the user writes it, for the psycopg driver."""
    return make_url(database_url).set(drivername="postgresql+psycopg")


class Database:
    """Hands out transactions and single statements, each from a pool of its own. Nobody else calls commit.

    A request that holds a transaction may send a statement beside it: they can't wait for each other.
    """

    def __init__(self, database_url: str, *, pool_size: int = 10, believed_seconds: float = _BELIEVED_SECONDS) -> None:
        self._engine = _engine(database_url, pool_size, believed_seconds)
        self._at_once = _engine(database_url, pool_size, believed_seconds, isolation_level="AUTOCOMMIT")
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        self._statements = async_sessionmaker(self._at_once, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncSession]:
        """Each statement is a transaction of its own and is committed when it returns: two round trips less.

        For reading, and for what one statement writes. Not for objects that a flush would write in several.
        """
        async with self._statements() as session:
            yield session

    async def ping(self) -> None:
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engine.dispose()
        await self._at_once.dispose()


def _engine(database_url: str, pool_size: int, believed_seconds: float, **options: Any) -> AsyncEngine:
    engine = create_async_engine(
        driver_url(database_url),
        # Parameters are personal data: they stay out of errors and logs.
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"connect_timeout": 5, "options": "-c statement_timeout=20000 -c lock_timeout=10000"},
        **options,
    )
    _ask_idle_connections(engine.sync_engine, believed_seconds)
    return engine


def _ask_idle_connections(engine: Engine, believed_seconds: float) -> None:
    """As `pool_pre_ping` does for each use: one that has rested is asked whether it is alive, and if not, replaced."""

    @event.listens_for(engine, "checkin")
    def rest(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: DBAPIConnection, entry: ConnectionPoolEntry, proxy: PoolProxiedConnection) -> None:
        rests_since = entry.info.get("rests_since")
        if rests_since is None or time.monotonic() - rests_since < believed_seconds:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if not engine.dialect.is_disconnect(error, connection, None):
                raise
            alive = False
        if not alive:
            raise InvalidatePoolError
