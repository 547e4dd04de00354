"""Days of a provider's that were called off, as it was confirmed, and what has become of each appointment."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId, type_document


class CalledOffDays(Base):
    """`who` is what the audit log says of whoever confirmed it; `closing` how a part of a day was closed."""

    __tablename__ = "called_off_days"
    __table_args__ = (Index("ix_called_off_days_provider", "provider_id", "created_at"),)

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"))
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    from_minute: Mapped[int | None]  # of a part of one day, both or none
    to_minute: Mapped[int | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    instead: Mapped[str]
    within_days: Mapped[int]
    reason: Mapped[str]
    words: Mapped[str]
    closing: Mapped[type_document | None]
    who: Mapped[type_document]
    created_at: Mapped[datetime]
    runs_at: Mapped[datetime]  # until then it can be undone
    begun_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]


class CalledOffAppointment(Base):
    """One appointment's part; decided in the transaction that does it, so that nobody is done twice."""

    __tablename__ = "called_off_appointment"
    __table_args__ = (
        UniqueConstraint("called_off_id", "appointment_id"),
        Index(
            "ix_called_off_appointment_waiting",
            "called_off_id",
            "position",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    called_off_id: Mapped[str] = mapped_column(ForeignKey("called_off_days.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[OpaqueId] = mapped_column(ForeignKey("appointment.id"), index=True)
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id", ondelete="CASCADE"), index=True)
    was_at: Mapped[datetime]
    planned: Mapped[str]
    planned_to: Mapped[datetime | None]
    state: Mapped[str]
    fate: Mapped[str | None]
    moved_to: Mapped[datetime | None]
    refund_minor: Mapped[int] = mapped_column(server_default="0")  # what goes back; planned until it is done
    currency: Mapped[str | None]
    reason: Mapped[str | None]
    at: Mapped[datetime | None]
