"""When a provider works: weekly hours and dated overrides in the provider's own time zone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from domain.errors import FieldError, ValidationFailed
from domain.texts import shown_name

MINUTES_A_DAY = 24 * 60
MOST_WEEKLY = 200
MOST_OVERRIDES = 2000
MOST_INTERVALS = 50

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
# In the zone directory of a machine, but no places: the machine's own choice, and zones that count leap seconds.
_NO_ZONES = {"localtime", "posixrules", "factory", "posix", "right"}

_T = TypeVar("_T")
_MISSING = object()


class Weekday(StrEnum):
    """In the order of `date.weekday()`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEKDAYS = tuple(Weekday)


@dataclass(frozen=True, kw_only=True)
class DayInterval:
    """From `start` to `end` on the wall clock, in minutes since midnight; `end` is at most 1440, which is 24:00."""

    start: int
    end: int

    def as_document(self) -> dict[str, Any]:
        return {"start": clock(self.start), "end": clock(self.end)}


@dataclass(frozen=True, kw_only=True)
class WeeklyOpening:
    weekday: Weekday
    interval: DayInterval


@dataclass(frozen=True, kw_only=True)
class DateOverride:
    """Replaces the weekly hours of one date; without intervals the day is closed."""

    date: date
    intervals: tuple[DayInterval, ...]


@dataclass(frozen=True, kw_only=True)
class Availability:
    """`timezone` is an IANA name; no two intervals of a day overlap (they may touch)."""

    timezone: str
    weekly: tuple[WeeklyOpening, ...]
    overrides: tuple[DateOverride, ...]

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def _by_weekday(self) -> dict[Weekday, tuple[DayInterval, ...]]:
        return {
            weekday: tuple(opening.interval for opening in self.weekly if opening.weekday is weekday)
            for weekday in WEEKDAYS
        }

    @cached_property
    def _by_date(self) -> dict[date, tuple[DayInterval, ...]]:
        return {override.date: override.intervals for override in self.overrides}

    def on(self, day: date) -> tuple[DayInterval, ...]:
        """The intervals of a local date, in no particular order."""
        intervals = self._by_date.get(day)
        return self._by_weekday[WEEKDAYS[day.weekday()]] if intervals is None else intervals

    @cached_property
    def open_all_week(self) -> bool:
        """Whether the weekly hours never close."""
        return all(covers_the_day(intervals) for intervals in self._by_weekday.values())

    @cached_property
    def closing_dates(self) -> tuple[date, ...]:
        """The dates whose override closes some part of the day, ascending."""
        return tuple(sorted(day for day, intervals in self._by_date.items() if not covers_the_day(intervals)))

    def as_document(self) -> dict[str, Any]:
        """The JSON shape of the contract; `parse_availability` gives an equal Availability back."""
        return {
            "timezone": self.timezone,
            "weekly": [{"weekday": str(one.weekday), **one.interval.as_document()} for one in self.weekly],
            "overrides": [
                {"date": one.date.isoformat(), "intervals": [interval.as_document() for interval in one.intervals]}
                for one in self.overrides
            ],
        }


def clock(minutes: int) -> str:
    """Minutes since midnight as "09:00"; 1440 is "24:00"."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def covers_the_day(intervals: Sequence[DayInterval]) -> bool:
    """Whether intervals that don't overlap leave no minute of the clock out."""
    return sum(interval.end - interval.start for interval in intervals) == MINUTES_A_DAY


def parse_availability(document: Mapping[str, object]) -> Availability:
    """Check and read `{"timezone", "weekly": [...], "overrides": [...]}`.

    Raises ValidationFailed naming every path that is wrong (`weekly[0].end`): unknown or missing keys, wrong types, an
    unknown zone, an end that isn't after its start, intervals of one day that overlap, a date given twice.
    """
    reader = _Reader()
    members = reader.members(document, "", ("timezone", "weekly", "overrides"))
    timezone = reader.timezone(members["timezone"])
    weekly = reader.several(members["weekly"], "weekly", MOST_WEEKLY, reader.weekly)
    overrides = reader.several(members["overrides"], "overrides", MOST_OVERRIDES, reader.override)
    for weekday in WEEKDAYS:
        reader.refuse_overlaps([(path, one.interval) for path, one in weekly if one.weekday is weekday])
    seen: set[date] = set()
    for path, override in overrides:
        if override.date in seen:
            reader.refuse(f"{path}.date", "has been given before")
        seen.add(override.date)
    if reader.errors:
        raise ValidationFailed(reader.errors)
    return Availability(
        timezone=timezone, weekly=tuple(one for _, one in weekly), overrides=tuple(one for _, one in overrides)
    )


class _Reader:
    """Reads one document and gathers what is wrong with it; what couldn't be read is None."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def refuse(self, path: str, message: str) -> None:
        self.errors.append(FieldError(field=path, message=message))

    def members(self, value: object, path: str, names: tuple[str, ...]) -> dict[str, object]:
        """The members of a JSON object that has exactly `names`; what is missing is `_MISSING`."""
        prefix = f"{path}." if path else ""
        if not isinstance(value, Mapping):
            self.refuse(path or "availability", "must be an object")
            return dict.fromkeys(names, _MISSING)
        for name in value:
            if name not in names:
                self.refuse(f"{prefix}{shown_name(name)}", "isn't known here")
        for name in names:
            if name not in value:
                self.refuse(f"{prefix}{name}", "is missing")
        return {name: value.get(name, _MISSING) for name in names}

    def several(
        self, value: object, path: str, most: int, read: Callable[[object, str], _T | None]
    ) -> list[tuple[str, _T]]:
        """What could be read of a list, each with its path."""
        if value is _MISSING:
            return []
        if not isinstance(value, list | tuple):
            self.refuse(path, "must be a list")
            return []
        if len(value) > most:
            self.refuse(path, f"has more than {most} entries")
            return []
        paths = [f"{path}[{index}]" for index in range(len(value))]
        entries = [(place, read(entry, place)) for place, entry in zip(paths, value, strict=True)]
        return [(place, entry) for place, entry in entries if entry is not None]

    def timezone(self, value: object) -> str:
        if value is _MISSING:
            return "UTC"
        if not isinstance(value, str) or not is_timezone(value):
            self.refuse("timezone", "must be the name of a time zone, such as America/New_York")
            return "UTC"
        return value

    def weekly(self, value: object, path: str) -> WeeklyOpening | None:
        members = self.members(value, path, ("weekday", "start", "end"))
        name = members["weekday"]
        interval = self._interval(members, path)
        if name not in WEEKDAYS:
            if name is not _MISSING:
                self.refuse(f"{path}.weekday", "must be monday, tuesday, ... or sunday")
            return None
        return WeeklyOpening(weekday=Weekday(str(name)), interval=interval) if interval else None

    def override(self, value: object, path: str) -> DateOverride | None:
        members = self.members(value, path, ("date", "intervals"))
        day = self._date(members["date"], f"{path}.date")
        intervals = self.several(members["intervals"], f"{path}.intervals", MOST_INTERVALS, self.day_interval)
        self.refuse_overlaps(intervals)
        return DateOverride(date=day, intervals=tuple(interval for _, interval in intervals)) if day else None

    def day_interval(self, value: object, path: str) -> DayInterval | None:
        return self._interval(self.members(value, path, ("start", "end")), path)

    def refuse_overlaps(self, intervals: Sequence[tuple[str, DayInterval]]) -> None:
        ordered = sorted(intervals, key=lambda one: one[1].start)
        latest = 0
        for path, interval in ordered:
            if interval.start < latest:
                self.refuse(f"{path}.start", "overlaps another opening of that day")
            latest = max(latest, interval.end)

    def _interval(self, members: Mapping[str, object], path: str) -> DayInterval | None:
        start = self._time(members["start"], f"{path}.start")
        end = MINUTES_A_DAY if members["end"] == "24:00" else self._time(members["end"], f"{path}.end")
        if start is None or end is None:
            return None
        if end <= start:
            self.refuse(f"{path}.end", "must be after the start")
            return None
        return DayInterval(start=start, end=end)

    def _time(self, value: object, path: str) -> int | None:
        if value is _MISSING:
            return None
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.refuse(path, "must be a time such as 09:00")
            return None
        return int(match[1]) * 60 + int(match[2])

    def _date(self, value: object, path: str) -> date | None:
        if value is _MISSING:
            return None
        try:
            if isinstance(value, str) and _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass  # the thirtieth of February, say: refused like any other text
        self.refuse(path, "must be a date such as 2026-12-24")
        return None


def is_timezone(name: str) -> bool:
    """Whether `name` is an IANA zone that this machine knows."""
    if not _ZONE.fullmatch(name) or name.split("/")[0].lower() in _NO_ZONES:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a zone file; a directory
        return False
    return True
