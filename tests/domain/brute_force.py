"""An engine of slots of its own: it reads the documents anew and steps through a table of minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from domain.slots import Interval, SlotRules
from tests.domain.calendars import MINUTE

# Hours that change by one, by half an hour and by two; at midnight, before it and after it; quarters of an hour off;
# several changes a year that follow the moon; and zones whose clock never changes.
ZONES = [
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",  # half an hour off
    "America/Havana",  # midnight itself is skipped, and comes twice
    "America/Santiago",  # from midnight back to 23:00
    "America/Nuuk",  # the hour before midnight is skipped
    "America/Scoresbysund",
    "America/Miquelon",
    "Atlantic/Azores",  # the hour after midnight is skipped
    "Europe/London",
    "Europe/Dublin",  # winter time is the exception, by the letter of the law
    "Europe/Berlin",
    "Europe/Chisinau",
    "Africa/Cairo",
    "Africa/Casablanca",  # back for Ramadan
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Adelaide",  # half an hour off
    "Australia/Sydney",
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Auckland",
    "Pacific/Chatham",  # three quarters of an hour off
    "Pacific/Easter",
    "Pacific/Norfolk",
    "Antarctica/Troll",  # changes by two hours
]
_BEFORE, _AFTER = 9, 5  # days around the middle that the table holds


@lru_cache(maxsize=8)
def clock_changes(zone: str) -> tuple[date, ...]:
    """The UTC dates of every change of the clock from 2026 to 2030."""
    noons = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=index) for index in range(-1, 5 * 365 + 2)]
    offsets = [(noon, noon.astimezone(ZoneInfo(zone)).utcoffset()) for noon in noons]
    return tuple(
        after.date() for (_, offset), (after, new) in pairwise(offsets) if offset != new and 2026 <= after.year <= 2030
    )


class WallClock:
    """Every UTC minute of some days around `middle`, and what the clock on the wall shows."""

    def __init__(self, zone: str, middle: date) -> None:
        first = datetime(middle.year, middle.month, middle.day, tzinfo=UTC) - timedelta(days=_BEFORE)
        self.instants = [first + index * MINUTE for index in range((_BEFORE + _AFTER) * 1440)]
        there = ZoneInfo(zone)
        self.walls = [instant.astimezone(there).replace(tzinfo=None) for instant in self.instants]
        self.first_seen: dict[datetime, int] = {}
        for index, wall in enumerate(self.walls):
            self.first_seen.setdefault(wall, index)

    def find(self, wall: datetime) -> int:
        """The first minute that shows `wall`; one that is skipped moves on by what is skipped."""
        if wall in self.first_seen:
            return self.first_seen[wall]
        after = next(index for index, seen in enumerate(self.walls) if seen > wall)
        gap = self.walls[after] - self.walls[after - 1] - MINUTE
        return self.first_seen[wall + gap]


@lru_cache(maxsize=4)
def wall_clock(zone: str, middle: date) -> WallClock:
    return WallClock(zone, middle)


def hours_of(document: Mapping[str, Any], holidays: Sequence[date], day: date) -> list[tuple[int, int]]:
    """The minutes of a day that a document opens: what closes the day wins."""
    iso = day.isoformat()
    if any(one["first_day"] <= iso <= one["last_day"] for one in document.get("time_off", [])):
        return []
    if day in holidays and iso not in document.get("open_on_holidays", []):
        return []
    spans = [one for one in document["weekly"] if one["weekday"] == f"{day:%A}".lower()]
    for override in document["overrides"]:
        if override["date"] == iso:
            spans = override["intervals"]
    return [(_minutes(one["start"]), _minutes(one["end"])) for one in spans]


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


class Minutes:
    """Whether the provider is open in each minute around `middle`."""

    def __init__(self, document: Mapping[str, Any], middle: date, holidays: Sequence[date] = ()) -> None:
        self.clock = wall_clock(document["timezone"], middle)
        self.open = [False] * len(self.clock.instants)
        for offset in range(1 - _BEFORE, _AFTER - 1):
            day = middle + timedelta(days=offset)
            midnight = datetime(day.year, day.month, day.day)
            for span in hours_of(document, holidays, day):
                start, end = (self.clock.find(midnight + one * MINUTE) for one in span)
                self.open[start:end] = [True] * max(0, end - start)

    @property
    def opened_before_the_table(self) -> bool:
        """An opening that began before the table did is beyond this engine."""
        return all(self.open[2 * 1440 : 8 * 1440])

    def slots(
        self,
        rules: SlotRules,
        busy: Sequence[Interval],
        start: datetime,
        end: datetime,
        now: datetime,
        today: date,
    ) -> dict[datetime, int]:
        """Start and free places of every slot, the full ones included."""
        found: dict[datetime, int] = {}
        opened = 0
        for index, is_open in enumerate(self.open):
            if not is_open:
                continue
            if index == 0 or not self.open[index - 1]:
                opened = index
            instant = self.clock.instants[index]
            if not start <= instant < end or (index - opened) % rules.slot_step_minutes:
                continue
            inside = all(self.open[index : index + rules.appointment_minutes])
            notice = instant - now >= rules.min_notice_minutes * MINUTE
            horizon = (self.clock.walls[index].date() - today).days <= rules.horizon_days
            if inside and notice and horizon:
                found[instant] = max(0, rules.capacity - self._peak(rules, busy, instant))
        return found

    @staticmethod
    def _peak(rules: SlotRules, busy: Sequence[Interval], start: datetime) -> int:
        taken = range(rules.appointment_minutes + rules.buffer_minutes)
        buffer = rules.buffer_minutes * MINUTE
        moments = [start + index * MINUTE for index in taken]
        return max(sum(one.start <= moment < one.end + buffer for one in busy) for moment in moments)

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether the provider is open in every minute of the time."""
        first = round((start - self.clock.instants[0]) / MINUTE)
        last = round((end - self.clock.instants[0]) / MINUTE)
        return all(self.open[first:last])
