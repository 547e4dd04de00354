"""A month's sheet: each day once, under its weekday, in weeks as the country has them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.month import month_of, sunday_first, week_of


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.booleans())
def test_each_day_of_the_month_stands_under_its_weekday(day: date, sunday: bool) -> None:
    month = month_of(day, sunday_first=sunday)
    days = [one for week in month.weeks for one in week if one is not None]
    assert days == [month.first + timedelta(days=index) for index in range(len(days))]
    assert days[0].day == 1
    assert days[-1] == month.last
    assert (days[-1] + timedelta(days=1)).day == 1
    for week in month.weeks:
        assert any(week)
        for column, one in zip(month.weekdays, week, strict=True):
            assert one is None or one.weekday() == column.weekday()
    assert month.weekdays[0].strftime("%A") == ("Sunday" if sunday else "Monday")
    assert month_of(month.later, sunday_first=sunday).earlier == month.first


@pytest.mark.parametrize(("country", "first"), [("US", "2026-12-06"), ("DE", "2026-12-07"), ("GB", "2026-12-07")])
def test_a_week_begins_as_the_country_has_it(country: str, first: str) -> None:
    assert week_of(date(2026, 12, 10), sunday_first=sunday_first(country)) == date.fromisoformat(first)
    assert week_of(date(2026, 12, 12), sunday_first=sunday_first(country)) == date.fromisoformat(first)
