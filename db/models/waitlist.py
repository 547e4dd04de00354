"""The waitlist: what clients wish for, and the offers of freed times, which are held while they are open."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, OpaqueId, PrimaryId


class WaitlistWish(Base):
    """One open wish per client; the earlier it was asked, the earlier it is served."""

    __tablename__ = "waitlist_wish"
    __table_args__ = (
        Index("uq_waitlist_wish_open", "client_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_waitlist_wish_order", "provider_id", "asked_at", "id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"))
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"))
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"), index=True)
    type_id: Mapped[OpaqueId]
    replaces_id: Mapped[OpaqueId | None] = mapped_column(ForeignKey("appointment.id"))  # for an earlier time than this
    first_day: Mapped[date]
    last_day: Mapped[date]
    weekdays: Mapped[list[str]] = mapped_column(ARRAY(String))
    start_minute: Mapped[int]  # of the day, by the clock of `timezone`
    end_minute: Mapped[int]
    notice_hours: Mapped[int]
    timezone: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]  # actor
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]
    removal_reason: Mapped[str | None]  # staff's own words: shown to staff, and to nobody else


class WaitlistOffer(Base):
    """A time kept for one client. While it is open it takes time in the calendar, as an appointment does."""

    __tablename__ = "waitlist_offer"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        # Nobody is offered the same time twice, but for one that was closed and is open again.
        Index(
            "uq_waitlist_offer_once",
            "client_id",
            "starts_at",
            unique=True,
            postgresql_where=text("state <> 'taken_back'"),
        ),
        Index("uq_waitlist_offer_open", "wish_id", unique=True, postgresql_where=text("state = 'open'")),
        Index(
            "ix_waitlist_offer_blocking",
            "provider_id",
            "starts_at",
            "ends_at",
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[PrimaryId]
    practice_id: Mapped[OpaqueId] = mapped_column(ForeignKey("practice.id"))
    provider_id: Mapped[OpaqueId] = mapped_column(ForeignKey("provider.id"))
    client_id: Mapped[OpaqueId] = mapped_column(ForeignKey("client.id"))
    wish_id: Mapped[OpaqueId] = mapped_column(ForeignKey("waitlist_wish.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str]
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    told_at: Mapped[datetime | None]  # when its mail went out
    ended_at: Mapped[datetime | None]
    apologised_at: Mapped[datetime | None]  # when the mail went out that it was taken back
    appointment_id: Mapped[OpaqueId | None] = mapped_column(ForeignKey("appointment.id"))  # that came of it
