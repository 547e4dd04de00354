"""The week that a rehearsed visit falls into: by its ISO 8601 name, or the one in which the clock changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import ValidationFailed

_NAME = re.compile(r"(\d{4})-?W(\d{1,2})", re.ASCII | re.IGNORECASE)
_DAY = timedelta(days=1)
# Some zones change their clocks in some years only; further ahead nobody has decided.
_LOOK_AHEAD_DAYS = 400
# Beyond these the time zone database tells little.
_FIRST_YEAR, _LAST_YEAR = 2000, 2037


@dataclass(frozen=True, kw_only=True)
class Week:
    """Seven local days from a Monday on."""

    monday: date

    @property
    def name(self) -> str:
        """For example "2027-W10"."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def following(self) -> Week:
        return Week(monday=self.monday + 7 * _DAY)

    def begins(self, zone: ZoneInfo) -> datetime:
        return local_instant(self.monday, time(0), zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        return local_instant(self.monday + 7 * _DAY, time(0), zone)


def local_instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """In UTC, so that differences are real time; a clock time that is skipped moves on by the gap (PEP 495)."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def week_of(instant: datetime, zone: ZoneInfo) -> Week:
    day = instant.astimezone(zone).date()
    return Week(monday=day - day.weekday() * _DAY)


def next_week(now: datetime, zone: ZoneInfo) -> Week:
    return week_of(now, zone).following


def named_week(name: str) -> Week:
    """Raises ValidationFailed for what is no week."""
    found = _NAME.fullmatch(name.strip())
    try:
        if found is None:
            raise ValueError
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise ValidationFailed.of("week", "must be a week such as 2027-W10") from None
    if not _FIRST_YEAR <= monday.year <= _LAST_YEAR:
        raise ValidationFailed.of("week", f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return Week(monday=monday)


def next_clock_change(now: datetime, zone: ZoneInfo) -> Week | None:
    """The week of the next change of the clock, this week's included where it is still ahead; None where there is none.

    By days: a change lies between two midnights, or at one.
    """
    day = now.astimezone(zone).date()
    before = datetime.combine(day, time(0), tzinfo=zone).utcoffset()
    for count in range(1, _LOOK_AHEAD_DAYS):
        after = datetime.combine(day + count * _DAY, time(0), tzinfo=zone).utcoffset()
        if after != before:
            changed = day + (count - 1) * _DAY
            return Week(monday=changed - changed.weekday() * _DAY)
    return None
