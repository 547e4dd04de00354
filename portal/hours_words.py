"""Hours, days and closings as people say them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from domain.hours import MINUTES_A_DAY, WEEKDAYS, Availability, DayInterval, Weekday

CLOSED = "Closed"


def minute_of_day(minutes: int) -> str:
    """ "9:00 AM"; the end of the day is "midnight"."""
    if minutes == MINUTES_A_DAY:
        return "midnight"
    hours = minutes // 60
    return f"{hours % 12 or 12}:{minutes % 60:02d} {'AM' if hours < 12 else 'PM'}"


def hours(intervals: Sequence[DayInterval]) -> str:
    """ "9:00 AM to 12:00 PM, 1:00 PM to 5:00 PM", or "Closed"."""
    if not intervals:
        return CLOSED
    ordered = sorted(intervals, key=lambda one: one.start)
    return ", ".join(f"{minute_of_day(one.start)} to {minute_of_day(one.end)}" for one in ordered)


def week(availability: Availability) -> list[tuple[str, str]]:
    """Each weekday, or a run of weekdays with the same hours, and its hours."""
    lines: list[tuple[list[Weekday], str]] = []
    for weekday in WEEKDAYS:
        said = hours([one.interval for one in availability.weekly if one.weekday is weekday])
        if lines and lines[-1][1] == said:
            lines[-1][0].append(weekday)
        else:
            lines.append(([weekday], said))
    return [(_run(days), said) for days, said in lines]


def _run(days: Sequence[Weekday]) -> str:
    first, last = days[0].capitalize(), days[-1].capitalize()
    return first if len(days) == 1 else f"{first} {'and' if len(days) == 2 else 'to'} {last}"


def day(one: date) -> str:
    """ "Thursday, December 24, 2026"."""
    return f"{one:%A, %B} {one.day}, {one.year}"


def days(first: date, last: date) -> str:
    """A stretch of days, both included."""
    if first == last:
        return day(first)
    if first.year == last.year:
        return f"{first:%B} {first.day} to {last:%B} {last.day}, {last.year}"
    return f"{first:%B} {first.day}, {first.year} to {last:%B} {last.day}, {last.year}"
