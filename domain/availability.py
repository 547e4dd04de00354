"""A provider's availability as a document: read strictly, and refused by the path of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from domain.document_reader import MISSING, DocumentReader
from domain.errors import ValidationFailed
from domain.hours import (
    MINUTES_A_DAY,
    WEEKDAYS,
    Availability,
    DateOverride,
    DayInterval,
    TimeOff,
    Weekday,
    WeeklyOpening,
)

MOST_WEEKLY = 200
MOST_OVERRIDES = 2000
MOST_INTERVALS = 50
MOST_TIME_OFF = 200
MOST_OPEN_HOLIDAYS = 400
LONGEST_TIME_OFF = timedelta(days=3 * 366)
LONGEST_NOTE = 200

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
# In the zone directory of a machine, but no places: the machine's own choice, and zones that count leap seconds.
_NO_ZONES = {"localtime", "posixrules", "factory", "posix", "right"}

# What came later than the contract: a document may leave it out.
LATER_MEMBERS = ("time_off", "open_on_holidays")


def parse_availability(document: Mapping[str, object]) -> Availability:
    """Check and read `{"timezone", "weekly": [...], "overrides": [...], "time_off"?, "open_on_holidays"?}`.

    Raises ValidationFailed naming every path that is wrong (`weekly[0].end`): unknown or missing keys, wrong types, an
    unknown zone, an end that isn't after its start, intervals of one day that overlap, a date given twice.
    """
    reader = HoursReader()
    members = reader.members(document, "", ("timezone", "weekly", "overrides"), LATER_MEMBERS, "availability")
    timezone = reader.timezone(members["timezone"])
    weekly = reader.several(members["weekly"], "weekly", MOST_WEEKLY, reader.weekly)
    overrides = reader.several(members["overrides"], "overrides", MOST_OVERRIDES, reader.override)
    time_off = reader.several(members["time_off"], "time_off", MOST_TIME_OFF, reader.time_off)
    open_on = reader.several(members["open_on_holidays"], "open_on_holidays", MOST_OPEN_HOLIDAYS, reader.day)
    for weekday in WEEKDAYS:
        reader.refuse_overlaps([(path, one.interval) for path, one in weekly if one.weekday is weekday])
    reader.refuse_repeats([(f"{path}.date", one.date) for path, one in overrides])
    reader.refuse_repeats(open_on)
    if reader.errors:
        raise ValidationFailed(reader.errors)
    return Availability(
        timezone=timezone,
        weekly=tuple(one for _, one in weekly),
        overrides=tuple(one for _, one in overrides),
        time_off=tuple(one for _, one in time_off),
        open_on_holidays=frozenset(day for _, day in open_on),
    )


class HoursReader(DocumentReader):
    """Zones, days and times of the clock."""

    def timezone(self, value: object) -> str:
        if value is MISSING:
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
            if name is not MISSING:
                self.refuse(f"{path}.weekday", "must be monday, tuesday, ... or sunday")
            return None
        return WeeklyOpening(weekday=Weekday(str(name)), interval=interval) if interval else None

    def override(self, value: object, path: str) -> DateOverride | None:
        members = self.members(value, path, ("date", "intervals"))
        day = self.day(members["date"], f"{path}.date")
        intervals = self.several(members["intervals"], f"{path}.intervals", MOST_INTERVALS, self.day_interval)
        self.refuse_overlaps(intervals)
        return DateOverride(date=day, intervals=tuple(interval for _, interval in intervals)) if day else None

    def time_off(self, value: object, path: str) -> TimeOff | None:
        members = self.members(value, path, ("first_day", "last_day"), ("note",))
        first = self.day(members["first_day"], f"{path}.first_day")
        last = self.day(members["last_day"], f"{path}.last_day")
        note = self.text(members["note"], f"{path}.note", LONGEST_NOTE)
        if first is None or last is None:
            return None
        if last < first:
            self.refuse(f"{path}.last_day", "must not be before the first day")
        elif last - first > LONGEST_TIME_OFF:
            self.refuse(f"{path}.last_day", "must be within three years of the first day")
        return TimeOff(first_day=first, last_day=last, note=note)

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
        prefix = f"{path}." if path else ""
        start = self._time(members["start"], f"{prefix}start")
        end = MINUTES_A_DAY if members["end"] == "24:00" else self._time(members["end"], f"{prefix}end")
        if start is None or end is None:
            return None
        if end <= start:
            self.refuse(f"{prefix}end", "must be after the start")
            return None
        return DayInterval(start=start, end=end)

    def _time(self, value: object, path: str) -> int | None:
        if value is MISSING:
            return None
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.refuse(path, "must be a time such as 09:00")
            return None
        return int(match[1]) * 60 + int(match[2])


def is_timezone(name: str) -> bool:
    """Whether `name` is an IANA zone that this machine knows."""
    if not _ZONE.fullmatch(name) or name.split("/")[0].lower() in _NO_ZONES:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a zone file; a directory
        return False
    return True
