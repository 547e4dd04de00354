"""A stretch of a provider's days, or a part of one day: closed in the availability, and opened again as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from domain.hours import MINUTES_A_DAY, Availability, DateOverride, DayInterval, TimeOff
from domain.openings import local_ticks, moment_of

# So that it isn't taken for time off that somebody had planned.
NOTE = "Called off"

Hours = tuple[DayInterval, ...]


@dataclass(frozen=True, kw_only=True)
class DayStretch:
    """Whole local days, first and last included; or with `part`, that part of the one day."""

    first_day: date
    last_day: date
    part: DayInterval | None = None

    @staticmethod
    def whole(day: date) -> DayStretch:
        return DayStretch(first_day=day, last_day=day)

    def ticks(self, hours: Availability) -> tuple[int, int]:
        """Whole days last from midnight to midnight, by the provider's clock."""
        start, end = (self.part.start, self.part.end) if self.part else (0, MINUTES_A_DAY)
        return local_ticks(hours, self.first_day, start), local_ticks(hours, self.last_day, end)

    def span(self, hours: Availability) -> tuple[datetime, datetime]:
        start, end = self.ticks(hours)
        return moment_of(start), moment_of(end)

    def as_document(self) -> dict[str, Any]:
        days = {"first_day": self.first_day.isoformat(), "last_day": self.last_day.isoformat()}
        return days | ({"part": [self.part.start, self.part.end]} if self.part else {})


@dataclass(frozen=True, kw_only=True)
class Closing:
    """How a part of a day was closed: that date's own hours before (None: the week's) and since."""

    before: Hours | None
    after: Hours


def closed(hours: Availability, days: DayStretch) -> tuple[Availability, Closing | None]:
    """The hours without these days, and what has to be known to open a part of a day again."""
    if days.part is None:
        away = TimeOff(first_day=days.first_day, last_day=days.last_day, note=NOTE)
        return replace(hours, time_off=(*hours.time_off, away)), None
    before = _own_hours(hours, days.first_day)
    after = _without(_hours_of(hours, days.first_day), days.part)
    return _with_hours(hours, days.first_day, after), Closing(before=before, after=after)


def opened_again(hours: Availability, days: DayStretch, closing: Closing | None) -> Availability:
    """Take the closing back, and nothing else; what somebody has made of that day since stands."""
    if closing is None:
        left = list(hours.time_off)
        away = TimeOff(first_day=days.first_day, last_day=days.last_day, note=NOTE)
        if away in left:
            left.reverse()
            left.remove(away)
            left.reverse()
        return replace(hours, time_off=tuple(left))
    if _own_hours(hours, days.first_day) != closing.after:
        return hours
    return _with_hours(hours, days.first_day, closing.before)


def _own_hours(hours: Availability, day: date) -> Hours | None:
    return next((one.intervals for one in hours.overrides if one.date == day), None)


def _hours_of(hours: Availability, day: date) -> Hours:
    """What the date would be open, were it no time off and no holiday: it stays closed for those."""
    return replace(hours, time_off=(), holidays=frozenset()).on(day)


def _with_hours(hours: Availability, day: date, intervals: Hours | None) -> Availability:
    kept = tuple(one for one in hours.overrides if one.date != day)
    own = () if intervals is None else (DateOverride(date=day, intervals=intervals),)
    return replace(hours, overrides=(*kept, *own))


def _without(intervals: Sequence[DayInterval], part: DayInterval) -> Hours:
    left: list[DayInterval] = []
    for one in sorted(intervals, key=lambda one: one.start):
        pieces = ((one.start, min(one.end, part.start)), (max(one.start, part.end), one.end))
        left += [DayInterval(start=start, end=end) for start, end in pieces if start < end]
    return tuple(left)
