"""A month as a calendar sheet shows it: weeks of seven days, those of other months left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)
# Where a week begins with Sunday (CLDR's supplemental week data), among the countries that practices are in.
_SUNDAY_FIRST = frozenset({"US", "CA", "MX", "BR", "CO", "PE", "IL", "IN", "JP", "KR", "PH", "TW", "HK", "ZA", "PR"})


@dataclass(frozen=True, kw_only=True)
class Month:
    """`first` is its first day; a day of another month is None."""

    first: date
    weeks: tuple[tuple[date | None, ...], ...]

    @property
    def last(self) -> date:
        return self.later - _DAY

    @property
    def earlier(self) -> date:
        """The first day of the month before."""
        return (self.first - _DAY).replace(day=1)

    @property
    def later(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)

    @property
    def weekdays(self) -> tuple[date, ...]:
        """Seven days that stand for the columns."""
        start = week_of(self.first, sunday_first=self.weeks_begin_on == 6)
        return tuple(start + index * _DAY for index in range(7))

    weeks_begin_on: int = 0  # as `date.weekday()`


def sunday_first(country: str) -> bool:
    return country in _SUNDAY_FIRST


def week_of(day: date, *, sunday_first: bool) -> date:
    """The first day of the week that `day` is in."""
    return day - ((day.weekday() + 1) % 7 if sunday_first else day.weekday()) * _DAY


def month_of(day: date, *, sunday_first: bool) -> Month:
    first = day.replace(day=1)
    start = week_of(first, sunday_first=sunday_first)
    weeks: list[tuple[date | None, ...]] = []
    while (start.year, start.month) <= (first.year, first.month):
        days = (start + index * _DAY for index in range(7))
        weeks.append(tuple(one if one.month == first.month else None for one in days))
        start += 7 * _DAY
    return Month(first=first, weeks=tuple(weeks), weeks_begin_on=6 if sunday_first else 0)
