"""What the relay reads and writes while it tells a subject's events: single statements, each committed at once.

The lease is taken in a statement of its own: the next one sees whatever its last holder has written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

# How long a subject waits for a process that was killed in the middle of telling; a delivery takes less.
LEASE_SECONDS = 10

_TAKE = text("""
    UPDATE event_subject SET lease = :lease, leased_until = now() + make_interval(secs => :seconds)
     WHERE subject = :subject AND (leased_until IS NULL OR leased_until < now()) RETURNING subject
""")
# A later event never overtakes one that has to wait.
_OLDEST = """
    SELECT e.id, e.kind, e.payload, e.attempts, c.id AS client_id, c.practice_id, c.provider_id, c.track, c.stage,
           c.erased_at IS NOT NULL AS erased,
           (SELECT offset_seconds FROM demo_clock WHERE id = 1) AS clock_offset
      FROM (SELECT * FROM external_event
             WHERE subject = :subject AND handled_at IS NULL AND parked_reason IS NULL AND id <> :told
             ORDER BY seq LIMIT 1) e
      LEFT JOIN client c ON c.id = :client_id
     WHERE e.next_attempt_at IS NULL OR e.next_attempt_at <= now()"""
_NEXT = text(_OLDEST)
_TOLD = text(
    " ".join(
        (
            "WITH told AS (UPDATE external_event SET handled_at = :now, attempts = attempts + 1 WHERE id = :told),",
            "upcoming AS (",
            _OLDEST,
            """),
            kept AS (
              UPDATE event_subject
                 SET lease = CASE WHEN EXISTS (SELECT FROM upcoming) THEN lease END,
                     leased_until =
                       CASE WHEN EXISTS (SELECT FROM upcoming) THEN now() + make_interval(secs => :seconds) END
               WHERE subject = :subject AND lease = :lease)
            SELECT * FROM upcoming""",
        )
    )
)
_POSTPONE = text("""
    WITH postponed AS (
      UPDATE external_event SET next_attempt_at = :next_attempt_at, attempts = attempts + 1 WHERE id = :event_id)
    UPDATE event_subject SET lease = NULL, leased_until = NULL WHERE subject = :subject AND lease = :lease
""")
_RELEASE = text(
    "UPDATE event_subject SET lease = NULL, leased_until = NULL WHERE subject = :subject AND lease = :lease"
)
_WAITING = text("""
    SELECT e.subject FROM external_event e JOIN event_subject s ON s.subject = e.subject
     WHERE e.handled_at IS NULL AND e.parked_reason IS NULL AND (s.leased_until IS NULL OR s.leased_until < now())
     GROUP BY e.subject HAVING min(coalesce(e.next_attempt_at, e.received_at + :head_start)) <= now()
     ORDER BY min(e.seq) LIMIT :limit
""")

_ANY_UNTOLD = text("""
    SELECT EXISTS (SELECT FROM external_event
                    WHERE handled_at IS NULL AND parked_reason IS NULL
                      AND (next_attempt_at IS NULL OR next_attempt_at <= now()))
""")


@dataclass(frozen=True, kw_only=True)
class ClientRow:
    """What telling takes of a client's row."""

    id: str
    practice_id: str
    provider_id: str
    track: str
    stage: str
    erased: bool = False


@dataclass(frozen=True, kw_only=True)
class ToTell:
    """A subject's next event; `client` is None where the subject is no client's, or there is none any more."""

    event_id: str
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    client: ClientRow | None
    clock_offset: int | None


async def take_lease(session: AsyncSession, subject: str, lease: str) -> bool:
    """Whether the subject's lease is now ours. Wall time: leases guard processes, not business."""
    values = {"lease": lease, "seconds": LEASE_SECONDS, "subject": subject}
    return (await session.scalar(_TAKE, values)) is not None


async def next_to_tell(session: AsyncSession, subject: str) -> ToTell | None:
    """The subject's oldest waiting event, if it is due."""
    return _read((await session.execute(_NEXT, _key(subject, told=""))).one_or_none())


async def note_told(session: AsyncSession, subject: str, lease: str, event_id: str) -> ToTell | None:
    """Temporal has the event: the next one, with the lease renewed; where there is none, the lease is given back."""
    values = {"now": datetime.now(UTC), "lease": lease, "seconds": LEASE_SECONDS, **_key(subject, told=event_id)}
    return _read((await session.execute(_TOLD, values)).one_or_none())


async def postpone(session: AsyncSession, subject: str, lease: str, event_id: str, pause: timedelta) -> None:
    """Try again after the pause, and give the lease back."""
    later = datetime.now(UTC) + pause
    values = {"event_id": event_id, "next_attempt_at": later, "subject": subject, "lease": lease}
    await session.execute(_POSTPONE, values)


async def release_lease(session: AsyncSession, subject: str, lease: str) -> None:
    await session.execute(_RELEASE, {"subject": subject, "lease": lease})


async def waiting_subjects(session: AsyncSession, head_start: timedelta, limit: int) -> list[str]:
    """Subjects with something to tell that nobody is telling, longest waiting first."""
    return list(await session.scalars(_WAITING, {"head_start": head_start, "limit": limit}))


def _key(subject: str, *, told: str) -> dict[str, object]:
    return {"subject": subject, "client_id": subject.removeprefix("client:"), "told": told}


def _read(row: Row[Any] | None) -> ToTell | None:
    if row is None:
        return None
    client = ClientRow(
        id=row.client_id,
        practice_id=row.practice_id,
        provider_id=row.provider_id,
        track=row.track,
        stage=row.stage,
        erased=row.erased,
    )
    return ToTell(
        event_id=row.id,
        kind=row.kind,
        payload=row.payload,
        attempts=row.attempts,
        client=client if row.client_id is not None else None,
        clock_offset=row.clock_offset,
    )


async def is_any_untold(session: AsyncSession) -> bool:
    """Is there something that Temporal hasn't been told yet, and that doesn't wait for better weather?"""
    return bool(await session.scalar(_ANY_UNTOLD))
