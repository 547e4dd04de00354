"""Counters of requests: one row per bucket and window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

Bucket = tuple[str, datetime]  # its name, and when its window began

# A step for `WITH`. A count that a crash of the server loses does no harm, and nobody waits for a disk with the
# counter's row locked.
COUNT_STEP = """
    counted AS (
      INSERT INTO rate_counter (bucket, window_start, count)
      SELECT bucket, window_start, 1
        FROM unnest(CAST(:buckets AS text[]), CAST(:starts AS timestamptz[])) AS one (bucket, window_start)
      ON CONFLICT (bucket, window_start) DO UPDATE SET count = rate_counter.count + 1
      RETURNING bucket, count AS requests, set_config('synchronous_commit', 'off', true))"""
_COUNT = text(" ".join(("WITH", COUNT_STEP, "SELECT bucket, requests FROM counted")))

# Within a transaction that has other things to write, and has to last.
_COUNT_WITHIN = text(
    """
    INSERT INTO rate_counter (bucket, window_start, count) VALUES (:bucket, :start, 1)
    ON CONFLICT (bucket, window_start) DO UPDATE SET count = rate_counter.count + 1
    RETURNING count"""
)

_FORGET = text("DELETE FROM rate_counter WHERE window_start < :before")


def count_values(buckets: Sequence[Bucket]) -> dict[str, object]:
    """The parameters of `COUNT_STEP`."""
    return {"buckets": [name for name, _ in buckets], "starts": [start for _, start in buckets]}


async def forget_counters(session: AsyncSession, before: datetime) -> None:
    """Those of windows that began before then: none of our windows is that long."""
    await session.execute(_FORGET, {"before": before})


async def count(session: AsyncSession, buckets: Sequence[Bucket]) -> dict[str, int]:
    """Count one request in each of them; the counts by name. The session is one of `Database.statements`."""
    return {row.bucket: row.requests for row in await session.execute(_COUNT, count_values(buckets))}


async def count_within(session: AsyncSession, bucket: Bucket) -> int:
    """Count one within the caller's transaction, the count with it: others who count there wait for its end."""
    name, start = bucket
    return int((await session.execute(_COUNT_WITHIN, {"bucket": name, "start": start})).scalar_one())
