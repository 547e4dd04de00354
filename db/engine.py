"""The connection to PostgreSQL: one engine per process, one transaction per request or activity."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine


def driver_url(database_url: str) -> URL:
    """`postgresql://...` as the user writes it, for the psycopg driver."""
    return make_url(database_url).set(drivername="postgresql+psycopg")


class Database:
    """Hands out transactions. Nobody else calls commit."""

    def __init__(self, database_url: str, *, pool_size: int = 10) -> None:
        # Parameters are personal data: they stay out of errors and logs.
        self._engine = create_async_engine(
            driver_url(database_url),
            hide_parameters=True,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "options": "-c statement_timeout=20000 -c lock_timeout=10000"},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Commits when the block ends, rolls back when it raises."""
        async with self._sessions() as session, session.begin():
            yield session

    async def ping(self) -> None:
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engine.dispose()
