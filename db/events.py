"""Recorded events: what was accepted from outside, kept until its journey has been told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from db.ids import new_id
from db.models import EventSubject, ExternalEvent
from domain.errors import Conflict

CHANNEL = "portico_events"


class EventKind(StrEnum):
    """What journeys can be told."""

    SIGNED_UP = "signed_up"
    CLIENT_INVITED = "client_invited"
    INVITATION_REQUESTED = "invitation_requested"
    ACCOUNT_OPENED = "account_opened"
    INTAKE_SUBMITTED = "intake_submitted"
    NEW_CLIENT_FORMS_REQUESTED = "new_client_forms_requested"
    APPOINTMENT_CLAIMED = "appointment_claimed"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    JOURNEY_WITHDRAWN = "journey_withdrawn"
    BOOKING_REOPENED = "booking_reopened"
    VISIT_RECORDED = "visit_recorded"
    PAYMENT_NOTICED = "payment_noticed"
    PASSWORD_RESET_REQUESTED = "password_reset_requested"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """`new` is False when the same event had been recorded before; `payload` is then the first one's."""

    id: str
    new: bool
    payload: dict[str, Any]


def body_hash(body: bytes | Mapping[str, object]) -> str:
    raw = body if isinstance(body, bytes) else json.dumps(body, sort_keys=True, default=str).encode()
    return hashlib.sha256(raw).hexdigest()


def client_subject(client_id: str) -> str:
    return f"client:{client_id}"


def reset_subject(reset_id: str) -> str:
    return f"reset:{reset_id}"


async def record_event(
    session: AsyncSession,
    *,
    source: str,
    tenant: str,
    external_id: str,
    kind: EventKind,
    subject: str,
    payload: Mapping[str, Any],
    body: bytes | Mapping[str, object] | None = None,
) -> Recorded:
    """Write the event once, in the caller's transaction; the relay hears of it when that commits.

    Raises Conflict when the same external id came with another body.
    """
    digest = body_hash(body if body is not None else payload)
    values = {
        "id": new_id("evt"),
        "source": source,
        "tenant": tenant,
        "external_id": external_id,
        "kind": str(kind),
        "subject": subject,
        "payload": dict(payload),
        "body_hash": digest,
        "received_at": datetime.now(UTC),
        "attempts": 0,
    }
    statement = insert(ExternalEvent).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=["source", "tenant", "external_id"])
    inserted = await session.scalar(statement.returning(ExternalEvent.id))
    if inserted is None:
        return await _seen_before(session, source, tenant, external_id, digest)
    await session.execute(
        insert(EventSubject).values(subject=subject).on_conflict_do_nothing(index_elements=["subject"])
    )
    await session.execute(select(func.pg_notify(CHANNEL, subject)))
    session.info.setdefault("event_subjects", []).append(subject)
    return Recorded(id=inserted, new=True, payload=dict(payload))


async def _seen_before(session: AsyncSession, source: str, tenant: str, external_id: str, digest: str) -> Recorded:
    query = select(ExternalEvent).where(
        ExternalEvent.source == source, ExternalEvent.tenant == tenant, ExternalEvent.external_id == external_id
    )
    event = (await session.scalars(query)).one()
    if event.body_hash != digest:
        raise Conflict("The same id was sent before with other content.", id=external_id)
    return Recorded(id=event.id, new=False, payload=event.payload)


async def event_seen(session: AsyncSession, source: str, tenant: str, external_id: str) -> ExternalEvent | None:
    query = select(ExternalEvent).where(
        ExternalEvent.source == source, ExternalEvent.tenant == tenant, ExternalEvent.external_id == external_id
    )
    return await session.scalar(query)


async def take_lease(session: AsyncSession, subject: str, lease: str, seconds: int) -> bool:
    """Whether the subject's lease is now ours. Wall time: leases guard processes, not business."""
    statement = text(
        "UPDATE event_subject SET lease = :lease, leased_until = now() + make_interval(secs => :seconds)"
        " WHERE subject = :subject AND (leased_until IS NULL OR leased_until < now()) RETURNING subject"
    )
    row = await session.execute(statement, {"lease": lease, "seconds": seconds, "subject": subject})
    return row.first() is not None


async def release_lease(session: AsyncSession, subject: str, lease: str) -> None:
    statement = text(
        "UPDATE event_subject SET lease = NULL, leased_until = NULL WHERE subject = :subject AND lease = :lease"
    )
    await session.execute(statement, {"subject": subject, "lease": lease})


async def oldest_waiting(session: AsyncSession, subject: str) -> ExternalEvent | None:
    """The subject's next event, if it is due; a later one never overtakes it."""
    query = select(ExternalEvent).where(
        ExternalEvent.subject == subject, ExternalEvent.handled_at.is_(None), ExternalEvent.parked_reason.is_(None)
    )
    event = await session.scalar(query.order_by(ExternalEvent.seq).limit(1))
    if event is None or (event.next_attempt_at is not None and event.next_attempt_at > datetime.now(UTC)):
        return None
    return event


async def waiting_subjects(session: AsyncSession, limit: int = 100) -> list[str]:
    """Subjects with something to tell right now, longest waiting first."""
    statement = text(
        "SELECT subject FROM external_event WHERE handled_at IS NULL AND parked_reason IS NULL"
        " GROUP BY subject HAVING min(coalesce(next_attempt_at, received_at)) <= now() ORDER BY min(seq) LIMIT :limit"
    )
    return list(await session.scalars(statement, {"limit": limit}))
