"""Calendars that go out of the house, and those that come in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
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
