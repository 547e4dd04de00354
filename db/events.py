"""Recorded events: what was accepted from outside, kept until its journey has been told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.ids import new_id
from db.models import ExternalEvent
from domain.errors import Conflict

CHANNEL = "portico_events"


class EventKind(StrEnum):
    """What journeys can be told."""

    SIGNED_UP = "signed_up"
    CLIENT_INVITED = "client_invited"
    INVITATION_REQUESTED = "invitation_requested"
    INVITATION_REVOKED = "invitation_revoked"
    ACCOUNT_OPENED = "account_opened"
    INTAKE_SUBMITTED = "intake_submitted"
    NEW_CLIENT_FORMS_REQUESTED = "new_client_forms_requested"
    APPOINTMENT_CLAIMED = "appointment_claimed"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    HOLD_EXTENDED = "hold_extended"
    JOURNEY_WITHDRAWN = "journey_withdrawn"
    CLIENT_ERASED = "client_erased"
    JOURNEY_REOPENED = "journey_reopened"
    VISIT_RECORDED = "visit_recorded"
    BOOKING_REOPENED = "booking_reopened"
    PAYMENT_NOTICED = "payment_noticed"
    REFUND_ASKED = "refund_asked"
    TAKEN_PAYMENT_NOTICED = "taken_payment_noticed"
    PASSWORD_RESET_REQUESTED = "password_reset_requested"
    GREETING_TEST_REQUESTED = "greeting_test_requested"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    MERCHANT_ACCOUNT_NOTICED = "merchant_account_noticed"
    SUBSCRIPTION_NOTICED = "subscription_noticed"
    BATCH_CONFIRMED = "batch_confirmed"
    DAYS_CALLED_OFF = "days_called_off"
    WAITLIST_NOTICED = "waitlist_noticed"


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


def practice_subject(practice_id: str) -> str:
    return f"practice:{practice_id}"


def greeting_test_subject(test_id: str) -> str:
    return f"greeting-test:{test_id}"


def email_change_subject(change_id: str) -> str:
    return f"email-change:{change_id}"


def batch_subject(batch_id: str) -> str:
    return f"batch:{batch_id}"


def called_off_subject(called_off_id: str) -> str:
    return f"called-off:{called_off_id}"


def waitlist_subject(provider_id: str) -> str:
    return f"waitlist:{provider_id}"


def merchant_subject(provider_id: str) -> str:
    return f"merchant:{provider_id}"


# Two steps of one statement, for `WITH`: the event, and the subject under whose lease it is told.
RECORD_STEPS = """
    recorded AS (
      INSERT INTO external_event (id, source, tenant, external_id, kind, subject, payload, body_hash, received_at,
                                  attempts)
      VALUES (:event_id, :source, :tenant, :external_id, :event_kind, :subject, CAST(:payload AS jsonb), :body_hash,
              :received_at, 0)
      ON CONFLICT (source, tenant, external_id) DO NOTHING RETURNING id, subject),
    known AS (INSERT INTO event_subject (subject) SELECT subject FROM recorded ON CONFLICT (subject) DO NOTHING)"""
# And its end: the relay hears of the event when it is committed.
TELL_RELAY = "SELECT id, pg_notify('portico_events', subject) FROM recorded"  # CHANNEL
_RECORD = text(" ".join(("WITH", RECORD_STEPS, TELL_RELAY)))


def event_values(
    *,
    source: str,
    tenant: str,
    external_id: str,
    kind: EventKind,
    subject: str,
    payload: Mapping[str, Any],
    digest: str,
) -> dict[str, object]:
    """The parameters of `RECORD_STEPS`; `digest` is what a repeat is compared by."""
    return {
        "event_id": new_id("evt"),
        "source": source,
        "tenant": tenant,
        "external_id": external_id,
        "event_kind": str(kind),
        "subject": subject,
        "payload": json.dumps(dict(payload)),
        "body_hash": digest,
        "received_at": datetime.now(UTC),
    }


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
    values = event_values(
        source=source,
        tenant=tenant,
        external_id=external_id,
        kind=kind,
        subject=subject,
        payload=payload,
        digest=digest,
    )
    inserted = await session.scalar(_RECORD, values)
    if inserted is None:
        return await _seen_before(session, source, tenant, external_id, digest)
    note_recorded(session, subject)
    return Recorded(id=inserted, new=True, payload=dict(payload))


def note_recorded(session: AsyncSession, subject: str) -> None:
    """So that whoever ends the transaction tells this subject's journey."""
    session.info.setdefault("event_subjects", []).append(subject)


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
