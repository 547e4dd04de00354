"""Rate limits, counted in the database, so that they hold over all server processes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.models import RateCounter
from db.rate_counters import Bucket, count
from domain.errors import NotFound, RateLimited, ValidationFailed


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `requests` per bucket and window."""

    name: str
    requests: int
    window_seconds: int


# Generous where people share an address (a clinic's or a school's network), strict where secrets are guessed.
# Sign-ups have a shape of their own: `commands.signup_limits`.
SIGN_INS_PER_NAME = Limit(name="sign-in-name", requests=10, window_seconds=300)
SIGN_INS_PER_ADDRESS = Limit(name="sign-in-address", requests=100, window_seconds=300)
CODES_PER_MEMBER = Limit(name="sign-in-code", requests=6, window_seconds=900)
RESETS_PER_NAME = Limit(name="reset-name", requests=5, window_seconds=3600)
EMAIL_CHANGES_PER_ACCOUNT = Limit(name="email-change-account", requests=5, window_seconds=3600)
WRONG_TOKENS_PER_ADDRESS = Limit(name="token-address", requests=100, window_seconds=600)
# A program that subscribes looks every few minutes at most; several devices share the address.
READS_PER_FEED = Limit(name="calendar-feed", requests=60, window_seconds=600)
# Each makes the server look at an address that somebody typed.
CALENDARS_PER_PROVIDER = Limit(name="busy-calendar", requests=20, window_seconds=3600)
TESTS_PER_MEMBER = Limit(name="greeting-test", requests=10, window_seconds=3600)
LINKS_PER_ADDRESS = Limit(name="link-address", requests=60, window_seconds=600)


async def count_request(database: Database, *counted: tuple[Limit, str]) -> None:
    """Count one request of each (an address or a name, kept hashed): it stays counted, whatever becomes of it.

    Raises RateLimited with `retry_after_seconds`.
    """
    places = buckets(*counted)
    async with database.statements() as session:
        refusal = used_up(counted, places, await count(session, places))
    if refusal is not None:
        raise refusal


def buckets(*counted: tuple[Limit, str]) -> list[Bucket]:
    """Where these are counted."""
    return [_bucket(limit, who) for limit, who in counted]


def used_up(
    counted: Sequence[tuple[Limit, str]], places: Sequence[Bucket], counts: Mapping[str, int]
) -> RateLimited | None:
    """The refusal by the first limit that is used up."""
    for (limit, _), (name, start) in zip(counted, places, strict=True):
        if counts[name] > limit.requests:
            return too_many(limit, start)
    return None


async def check_limit(database: Database, limit: Limit, who: str) -> None:
    """Refuse when the limit is used up, without counting: for limits on failures (`count_request` counts those)."""
    bucket, start = _bucket(limit, who)
    async with database.statements() as session:
        counter = await session.get(RateCounter, (bucket, start))
    if counter is not None and counter.count >= limit.requests:
        raise too_many(limit, start)


@asynccontextmanager
async def count_failures(database: Database, limit: Limit, who: str) -> AsyncIterator[None]:
    """Around something that can be guessed: only what was wrong counts, so that a shared address isn't punished."""
    await check_limit(database, limit, who)
    try:
        yield
    except (NotFound, ValidationFailed):
        await count_request(database, (limit, who))
        raise


async def forget(session: AsyncSession, *names: str) -> None:
    """Take away what was counted of these: a digest of a name can be guessed by whoever knows the name."""
    for name in filter(None, names):
        await session.execute(delete(RateCounter).where(RateCounter.bucket.endswith(f":{_digest(name)}")))


def _bucket(limit: Limit, who: str) -> tuple[str, datetime]:
    now = datetime.now(UTC)  # wall time: abuse doesn't travel in time
    start = datetime.fromtimestamp(now.timestamp() // limit.window_seconds * limit.window_seconds, UTC)
    return bucket_name(limit.name, who), start


def bucket_name(limit: str, who: str) -> str:
    """`who` is kept hashed."""
    return f"{limit}:{_digest(who)}"


def _digest(who: str) -> str:
    return hashlib.sha256(who.lower().encode()).hexdigest()[:32]


def too_many(limit: Limit, start: datetime) -> RateLimited:
    wait = int(start.timestamp() + limit.window_seconds - datetime.now(UTC).timestamp()) + 1
    detail = "Too many requests. Please wait a little and try again."
    return RateLimited(detail, retry_after_seconds=wait, limit=limit.name)
