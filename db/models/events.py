"""What was accepted and what was done: recorded events, effects, idempotency, sessions, counters, the demo clock."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId, type_document


class ExternalEvent(Base):
    """Something accepted from outside, and not yet (or already) told to its journey. `payload` holds ids only."""

    __tablename__ = "external_event"
    __table_args__ = (
        UniqueConstraint("source", "tenant", "external_id"),
        Index("ix_external_event_waiting", "subject", "seq", postgresql_where=text("handled_at IS NULL")),
        Index("ix_external_event_undelivered", "external_id", postgresql_where=text("undelivered")),
    )

    id: Mapped[PrimaryId]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    source: Mapped[str]
    tenant: Mapped[str]
    external_id: Mapped[str]
    kind: Mapped[str]
    subject: Mapped[str]
    payload: Mapped[type_document]
    body_hash: Mapped[str]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    parked_reason: Mapped[str | None]  # couldn't be handled: needs attention, doesn't block the next one
    undelivered: Mapped[bool] = mapped_column(server_default=text("false"))  # found by asking; it hasn't come by itself


class EventQuestion(Base):
    """How far an account's events were asked for that the processor couldn't deliver (`domain.lost_events.Asked`)."""

    __tablename__ = "event_question"

    door: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)  # "platform": the key's own
    asked_at: Mapped[datetime | None]
    looked_until: Mapped[datetime | None]
    left_until: Mapped[datetime | None]
    reaches: Mapped[datetime | None]
    unanswered_since: Mapped[datetime | None]
    refusal: Mapped[str | None]  # the processor's code for the last answer that wasn't one


class EventSubject(Base):
    """The lease under which one subject's events are told in order (wall time: leases don't travel)."""

    __tablename__ = "event_subject"

    subject: Mapped[str] = mapped_column(primary_key=True)
    leased_until: Mapped[datetime | None]
    lease: Mapped[str | None]


class Effect(Base):
    """The ledger of what was done to the world, by business identity."""

    __tablename__ = "effect"
    __table_args__ = (Index("ix_effect_recipient", "provider_id", "kind", "recipient_hash", "at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("provider.id"))  # None: to a person's account
    client_id: Mapped[str | None] = mapped_column(ForeignKey("client.id"), index=True)
    state: Mapped[str]
    message_id: Mapped[str | None]
    recipient_hash: Mapped[str | None]
    attempts: Mapped[int]
    uncertain_attempts: Mapped[int] = mapped_column(server_default="0")  # of these nobody knows whether they arrived
    at: Mapped[datetime]  # of the last attempt, or of its outcome


class IdempotencyRecord(Base):
    """An answer already given under an Idempotency-Key."""

    __tablename__ = "idempotency_record"

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    result: Mapped[type_document]
    created_at: Mapped[datetime]


class WebSession(Base):
    """A signed-in staff member or portal account; only the cookie's hash is kept."""

    __tablename__ = "web_session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]  # staff | client | staff-code: the password was right, the second factor is still to come
    subject_id: Mapped[OpaqueId] = mapped_column(index=True)
    device: Mapped[str | None]  # browser and system in two words
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class PasswordReset(Base):
    __tablename__ = "password_reset"

    id: Mapped[PrimaryId]
    kind: Mapped[str]  # staff | client
    purpose: Mapped[str] = mapped_column(server_default="reset")  # reset | invitation (of staff)
    subject_id: Mapped[OpaqueId]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RateCounter(Base):
    """Requests of one bucket within one window."""

    __tablename__ = "rate_counter"

    bucket: Mapped[str] = mapped_column(primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class DemoClock(Base):
    """The one stored clock offset of a demo or test stack."""

    __tablename__ = "demo_clock"

    id: Mapped[int] = mapped_column(primary_key=True)
    offset_seconds: Mapped[int]
