"""How times are said to people: weekday, date and clock in the provider's zone, with the zone's short name; spans."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def spoken_time(instant: datetime, timezone: str) -> str:
    """For example "Tuesday, December 1, 2026 at 9:00 AM EST"."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%A, %B} {local.day}, {local.year} at {spoken_clock(instant, timezone)} {local:%Z}"


def spoken_clock(instant: datetime, timezone: str) -> str:
    """For example "9:00 AM"."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'AM' if local.hour < 12 else 'PM'}"


def spoken_day(instant: datetime, timezone: str) -> str:
    """For example "Tuesday, December 1"."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%A, %B} {local.day}"


def local_date(instant: datetime, timezone: str) -> date:
    """The calendar day there."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def spoken_date(instant: datetime, timezone: str) -> str:
    """For example "December 1, 2026": a day that may be far away."""
    local = instant.astimezone(ZoneInfo(timezone))
    return f"{local:%B} {local.day}, {local.year}"


def spoken_span(minutes: int) -> str:
    """Minutes as people say them: "24 hours", "2 days"."""
    for size, word, least in ((1440, "day", 2880), (60, "hour", 60), (1, "minute", 1)):
        if minutes >= least and minutes % size == 0:
            count = minutes // size
            return f"{count} {word}" if count == 1 else f"{count} {word}s"
    return "0 minutes"
