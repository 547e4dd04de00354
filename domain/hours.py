"""When a provider works, in the provider's zone: weekly hours, dated overrides, time off, the practice's holidays."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

MINUTES_A_DAY = 24 * 60


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


class Closing(StrEnum):
    """Why a whole day is closed, whatever the hours say."""

    TIME_OFF = "time_off"
    HOLIDAY = "holiday"


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
class TimeOff:
    """Whole local days, first and last included; the note is for those who may change the availability."""

    first_day: date
    last_day: date
    note: str = ""

    def as_document(self) -> dict[str, Any]:
        days = {"first_day": self.first_day.isoformat(), "last_day": self.last_day.isoformat()}
        return {**days, "note": self.note} if self.note else days


@dataclass(frozen=True, kw_only=True)
class Availability:
    """`timezone` is an IANA name; no two intervals of a day overlap (they may touch).

    `holidays` are the practice's and no part of the provider's document; on `open_on_holidays` the provider works all
    the same. What closes a day wins over what opens it: time off, then a holiday, then an override, then the week.
    """

    timezone: str
    weekly: tuple[WeeklyOpening, ...]
    overrides: tuple[DateOverride, ...]
    time_off: tuple[TimeOff, ...] = ()
    open_on_holidays: frozenset[date] = frozenset()
    holidays: frozenset[date] = frozenset()

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

    @cached_property
    def _away(self) -> tuple[list[date], list[date]]:
        """First and last days of time off, ascending, overlapping stretches made one."""
        firsts: list[date] = []
        lasts: list[date] = []
        for one in sorted(self.time_off, key=lambda one: one.first_day):
            if lasts and one.first_day <= lasts[-1]:
                lasts[-1] = max(lasts[-1], one.last_day)
            else:
                firsts.append(one.first_day)
                lasts.append(one.last_day)
        return firsts, lasts

    def _last_day_away(self, day: date) -> date | None:
        """The last day of time off that isn't after `day`."""
        firsts, lasts = self._away
        index = bisect_right(firsts, day)
        return min(lasts[index - 1], day) if index else None

    def closing(self, day: date) -> Closing | None:
        """What closes the whole of a local date."""
        if self._last_day_away(day) == day:
            return Closing.TIME_OFF
        return Closing.HOLIDAY if day in self.holidays and day not in self.open_on_holidays else None

    def on(self, day: date) -> tuple[DayInterval, ...]:
        """The intervals of a local date, in no particular order."""
        if self.closing(day) is not None:
            return ()
        intervals = self._by_date.get(day)
        return self._by_weekday[WEEKDAYS[day.weekday()]] if intervals is None else intervals

    @cached_property
    def open_all_week(self) -> bool:
        """Whether the weekly hours never close."""
        return all(covers_the_day(intervals) for intervals in self._by_weekday.values())

    @cached_property
    def _closing_dates(self) -> list[date]:
        """Single dates that are closed for some part of the day, ascending."""
        overrides = {day for day, intervals in self._by_date.items() if not covers_the_day(intervals)}
        return sorted(overrides | (self.holidays - self.open_on_holidays))

    def last_closing(self, day: date) -> date | None:
        """Of a provider who never closes by the week: the last date up to `day` that isn't open all day."""
        index = bisect_right(self._closing_dates, day)
        single = self._closing_dates[index - 1] if index else None
        return max((one for one in (single, self._last_day_away(day)) if one is not None), default=None)

    def as_document(self) -> dict[str, Any]:
        """The JSON shape of the contract; `parse_availability` gives an equal Availability back, but for holidays.

        What came later than the contract is left out where there is none.
        """
        document: dict[str, Any] = {
            "timezone": self.timezone,
            "weekly": [{"weekday": str(one.weekday), **one.interval.as_document()} for one in self.weekly],
            "overrides": [
                {"date": one.date.isoformat(), "intervals": [interval.as_document() for interval in one.intervals]}
                for one in self.overrides
            ],
        }
        if self.time_off:
            document["time_off"] = [one.as_document() for one in self.time_off]
        if self.open_on_holidays:
            document["open_on_holidays"] = [day.isoformat() for day in sorted(self.open_on_holidays)]
        return document


def clock(minutes: int) -> str:
    """Minutes since midnight as "09:00"; 1440 is "24:00"."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def covers_the_day(intervals: Sequence[DayInterval]) -> bool:
    """Whether intervals that don't overlap leave no minute of the clock out."""
    return sum(interval.end - interval.start for interval in intervals) == MINUTES_A_DAY
