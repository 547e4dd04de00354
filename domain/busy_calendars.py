"""Busy times from a calendar elsewhere: its address, why it can't be read, and when somebody is told of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from domain.errors import ValidationFailed
from domain.slots import Interval

_LONGEST_ADDRESS = 2000
# Nobody books further ahead than this; a day more at either end, for days that are the provider's.
BACK, AHEAD = timedelta(days=35), timedelta(days=740)
# The window moves on, so that a calendar that says “unchanged” is read as a whole every so often.
WHOLE_EVERY = timedelta(days=1)
_WEATHER_TOLD_AFTER = timedelta(hours=2)
_OLD_AFTER = timedelta(hours=24)


class Unreadable(StrEnum):
    NO_ANSWER = "no_answer"
    SERVER_ERROR = "server_error"
    NOT_ALLOWED = "not_allowed"  # leads to a private address, or away from https
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    NOT_A_CALENDAR = "not_a_calendar"
    TOO_LARGE = "too_large"
    TOO_MUCH = "too_much"  # to work through: rules that repeat without end


# What passes by itself.
WEATHER = frozenset({Unreadable.NO_ANSWER, Unreadable.SERVER_ERROR})


class CalendarUnreadable(Exception):
    """Not an answer to somebody's request: what is known already stays, and is kept."""

    def __init__(self, why: Unreadable) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the calendar's server said of the copy that is there (RFC 9110 8.8), to be asked whether it has changed."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """`content` is None where nothing has changed."""

    content: bytes | None
    known: Known


class OutsideCalendars(Protocol):
    """`local` says that addresses on this machine may be read, and no others: for tests."""

    local: bool

    async def fetch(self, address: str, known: Known) -> Fetched:
        """Raises CalendarUnreadable."""


class BusyReader(Protocol):
    async def busy_times(self, content: bytes, zone: str, start: datetime, end: datetime) -> Sequence[Interval]:
        """Within the window, joined where they touch; days are those of `zone`. Raises CalendarUnreadable."""


def calendar_address(typed: str, *, local: bool) -> str:
    """The https address of what was typed or pasted. Raises ValidationFailed."""
    address = typed.strip()
    if not address:
        raise ValidationFailed.of("address", "is needed")
    if address.lower().startswith("webcal://"):
        address = f"https://{address[len('webcal://') :]}"
    if len(address) > _LONGEST_ADDRESS or not address.isascii() or not address.isprintable() or " " in address:
        raise ValidationFailed.of("address", "must be a web address, such as https://calendar.example.com/my.ics")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValidationFailed.of("address", "must be a web address") from None
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise ValidationFailed.of("address", "must begin with https://")
    if not host:
        raise ValidationFailed.of("address", "must name a server")
    if parts.username is not None or parts.password is not None:
        raise ValidationFailed.of("address", "must not hold a name or a password; use your calendar's secret address")
    return parts._replace(fragment="").geturl()


def is_told(why: Unreadable, failing_since: datetime, now: datetime) -> bool:
    """Whether the practice is told: at once of what won't pass by itself, of weather when it lasts."""
    return why not in WEATHER or now - failing_since >= _WEATHER_TOLD_AFTER


def is_old(read_at: datetime, now: datetime) -> bool:
    """Whether the copy is so old that people who look at the calendar should know."""
    return now - read_at >= _OLD_AFTER
