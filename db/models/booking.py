"""Appointments and the money that goes with them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId


class Appointment(Base):
    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index(
            "ix_appointment_blocking",
            "provider_id",
            "starts_at",
            "ends_at",
            postgresql_where=text("status IN ('pending', 'booked')"),
        ),
    )

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"), index=True)
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"))
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"), index=True)
    # Of the provider's appointment types, as it was booked; how long it is, it says itself.
    type_id: Mapped[OpaqueId] = mapped_column(server_default="standard")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[str]
    revision: Mapped[int]
    booked_by: Mapped[str]  # actor
    override_reason: Mapped[str | None]
    settings_version: Mapped[int]  # the portal settings shown when it was claimed
    cancel_notice_minutes: Mapped[int]  # by that version; a client is held to what was shown
    covered: Mapped[bool] = mapped_column(server_default="false")  # no fee was asked: it wasn't the first visit
    # How many hours before it is reminded of, as set when it was claimed; None: claimed before that was kept.
    reminder_hours: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    hold_expires_at: Mapped[datetime | None]
    hold_extended_at: Mapped[datetime | None]  # once, by the client
    cancel_requested_at: Mapped[datetime | None]  # a pending one: its checkout has to be closed first
    cancelled_by: Mapped[str | None]
    cancel_reason: Mapped[str | None]
    attendance_confirmed_at: Mapped[datetime | None]  # by the client, for the time that it has
    choose_until: Mapped[datetime | None]  # cancelled, but paid: another time can be chosen until then, else money back
    created_at: Mapped[datetime]


class Payment(Base):
    """A fee asked for an appointment; processor ids are unique, and amounts are minor units."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("refunded_minor >= 0 AND refunded_minor <= amount_minor", name="refunds_within_amount"),
        CheckConstraint(
            "refunded_minor <= refund_due_minor AND refund_due_minor <= amount_minor", name="refunds_within_owed"
        ),
        CheckConstraint("lost_minor >= 0", name="lost_not_negative"),
        UniqueConstraint("appointment_id", "attempt"),
        Index("ix_payment_practice_created", "practice_id", "created_at", "id"),
    )

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"), index=True)
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"))
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"), index=True)
    appointment_id: Mapped[OpaqueId] = mapped_column(ForeignKey("appointment.id"), index=True)
    attempt: Mapped[int]
    state: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    # The rest of the quote; a trigger keeps all of it as the client was shown it.
    purpose: Mapped[str]
    settings_versions: Mapped[str]  # of practice, provider and client
    refund_full_minutes: Mapped[int]
    refund_part_percent: Mapped[int]
    refund_part_minutes: Mapped[int]
    refund_at_most_percent: Mapped[int]  # lowered by a move at a time when less would have gone back
    refunded_minor: Mapped[int]
    merchant_account: Mapped[str | None]
    session_id: Mapped[str | None] = mapped_column(unique=True)
    payment_intent_id: Mapped[str | None] = mapped_column(unique=True)
    checkout_url: Mapped[str | None]
    disputed: Mapped[bool] = mapped_column(server_default="false")  # by a bank: nothing goes back meanwhile
    lost_minor: Mapped[int] = mapped_column(server_default="0")  # to disputes
    refund_due_minor: Mapped[int]  # of all refunds together, those on their way included; paid out by the booking
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class Refund(Base):
    __tablename__ = "refund"

    id: Mapped[PrimaryId]  # our own reference: makes repeats one refund
    payment_id: Mapped[OpaqueId] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int]
    status: Mapped[str]
    processor_refund_id: Mapped[str | None] = mapped_column(unique=True)
    cause: Mapped[str]
    reason: Mapped[str | None]  # staff's own words: shown to staff, and to nobody else
    asked_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class FeeWaiver(Base):
    """The next appointment of a client has no fee: by whom, and why. `appointment_id` is the one that has used it."""

    __tablename__ = "fee_waiver"

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"))
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"))
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"), index=True)
    reason: Mapped[str]  # staff's own words: shown to staff, and to nobody else
    waived_by: Mapped[str]
    waived_at: Mapped[datetime]
    appointment_id: Mapped[OpaqueId | None] = mapped_column(ForeignKey("appointment.id"))
    taken_back_by: Mapped[str | None]
    taken_back_at: Mapped[datetime | None]


class Dispute(Base):
    """What a cardholder's bank asks back of a payment; answered in the processor's dashboard."""

    __tablename__ = "dispute"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount_positive"),)

    id: Mapped[PrimaryId]
    payment_id: Mapped[OpaqueId] = mapped_column(ForeignKey("payment.id"), index=True)
    processor_dispute_id: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    reason: Mapped[str]  # the processor's closed word
    amount_minor: Mapped[int]
    due_by: Mapped[datetime | None]  # until then the practice has to answer
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]  # when it came into this status
