"""A provider's appointments as a calendar that programs subscribe to: what an event says, and what it never says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.states import AppointmentStatus


class FeedNames(StrEnum):
    """What a feed says of clients: it leaves the house, and is shown on lock screens and by other programs."""

    INITIALS = "initials"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class FeedEvent:
    """`uid` stays the same for all revisions; `sequence` is the revision; `stamped_at` must not change by itself."""

    uid: str
    sequence: int
    stamped_at: datetime
    starts_at: datetime
    ends_at: datetime
    status: AppointmentStatus
    summary: str


class CalendarFeeds(Protocol):
    def write_feed(self, name: str, timezone: str, events: Sequence[FeedEvent]) -> bytes:
        """An iCalendar file (RFC 5545), UTF-8 with CRLF: the same bytes for the same events."""


def feed_summary(names: FeedNames, status: AppointmentStatus, first_name: str, last_name: str) -> str:
    """ "A. E.", or "Appointment"; a time that is only held says so."""
    letters = [name.strip()[0].upper() + "." for name in (first_name, last_name) if name.strip()]
    said = " ".join(letters) if names is FeedNames.INITIALS and letters else "Appointment"
    return f"{said} (held)" if status is AppointmentStatus.PENDING else said
