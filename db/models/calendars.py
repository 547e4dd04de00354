"""Calendars that go out of the house, and those that come in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class CalendarFeed(Base):
    """A provider's appointments by a secret address; only the SHA-256 of its token is kept. Revoked: no row."""

    __tablename__ = "calendar_feed"

    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    names: Mapped[str]  # what is said of clients
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]  # to the minute


class BusyCalendar(Base):
    """A calendar elsewhere whose busy times block a provider's; the address is as good as a password: sealed."""

    __tablename__ = "busy_calendar"

    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"), primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_address: Mapped[bytes] = mapped_column(LargeBinary)
    host: Mapped[str]  # where it is, to be shown
    added_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    read_at: Mapped[datetime]  # when the copy was last known to be right
    whole_at: Mapped[datetime]  # when all of it was read
    zone: Mapped[str]  # whose days it was read with
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    failure: Mapped[str | None]
    told_at: Mapped[datetime | None]  # when this failing was put on the attention list


class BusyTime(Base):
    """The copy: when the provider is busy elsewhere, and never with what. No two of a provider's touch."""

    __tablename__ = "busy_time"

    provider_id: Mapped[str] = mapped_column(ForeignKey("provider.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
