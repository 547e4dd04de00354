"""Rate limits, counted in the database, so that they hold over all server processes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.models import RateCounter
from domain.errors import NotFound, RateLimited, ValidationFailed


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `requests` per bucket and window."""

    name: str
    requests: int
    window_seconds: int


# Generous where people share an address (a clinic's or a school's network), strict where secrets are guessed.
SIGNUPS_PER_ADDRESS = Limit(name="signup-address", requests=300, window_seconds=600)
SIGNUPS_PER_PROVIDER = Limit(name="signup-provider", requests=2000, window_seconds=3600)
SIGN_INS_PER_NAME = Limit(name="sign-in-name", requests=10, window_seconds=300)
SIGN_INS_PER_ADDRESS = Limit(name="sign-in-address", requests=100, window_seconds=300)
RESETS_PER_NAME = Limit(name="reset-name", requests=5, window_seconds=3600)
WRONG_TOKENS_PER_ADDRESS = Limit(name="token-address", requests=100, window_seconds=600)
LINKS_PER_ADDRESS = Limit(name="link-address", requests=60, window_seconds=600)


# A count that a crash of the server loses does no harm, and nobody waits for a disk with the counter's row locked.
_COUNT = text("""
    INSERT INTO rate_counter (bucket, window_start, count)
    SELECT bucket, window_start, 1
      FROM unnest(CAST(:buckets AS text[]), CAST(:starts AS timestamptz[])) AS one (bucket, window_start)
    ON CONFLICT (bucket, window_start) DO UPDATE SET count = rate_counter.count + 1
    RETURNING bucket, count AS requests, set_config('synchronous_commit', 'off', true)
""")


async def count_request(database: Database, limit: Limit, who: str) -> None:
    """Count one request of `who` (an address or a name, kept hashed), in a transaction of its own.

    Raises RateLimited with `retry_after_seconds`.
    """
    async with database.statements() as session:
        refusal = await count_all(session, (limit, who))
    if refusal is not None:
        raise refusal


async def count_all(session: AsyncSession, *counted: tuple[Limit, str]) -> RateLimited | None:
    """Count one request under several limits, in one statement; the refusal of the first that is used up.

    The session is one of `Database.statements`: a count stays, whatever becomes of the request.
    """
    buckets = [(limit, *_bucket(limit, who)) for limit, who in counted]
    values = {"buckets": [bucket for _, bucket, _ in buckets], "starts": [start for _, _, start in buckets]}
    counts = {row.bucket: row.requests for row in await session.execute(_COUNT, values)}
    for limit, bucket, start in buckets:
        if counts[bucket] > limit.requests:
            return _too_many(limit, start)
    return None


async def check_limit(database: Database, limit: Limit, who: str) -> None:
    """Refuse when the limit is used up, without counting: for limits on failures (`count_request` counts those)."""
    bucket, start = _bucket(limit, who)
    async with database.statements() as session:
        counter = await session.get(RateCounter, (bucket, start))
    if counter is not None and counter.count >= limit.requests:
        raise _too_many(limit, start)


@asynccontextmanager
async def count_failures(database: Database, limit: Limit, who: str) -> AsyncIterator[None]:
    """Around something that can be guessed: only what was wrong counts, so that a shared address isn't punished."""
    await check_limit(database, limit, who)
    try:
        yield
    except (NotFound, ValidationFailed):
        await count_request(database, limit, who)
        raise


def _bucket(limit: Limit, who: str) -> tuple[str, datetime]:
    now = datetime.now(UTC)  # wall time: abuse doesn't travel in time
    start = datetime.fromtimestamp(now.timestamp() // limit.window_seconds * limit.window_seconds, UTC)
    return f"{limit.name}:{hashlib.sha256(who.lower().encode()).hexdigest()[:32]}", start


def _too_many(limit: Limit, start: datetime) -> RateLimited:
    wait = int(start.timestamp() + limit.window_seconds - datetime.now(UTC).timestamp()) + 1
    return RateLimited("Too many requests. Please wait a little and try again.", retry_after_seconds=wait)
