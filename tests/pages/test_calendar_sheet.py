"""The calendar's columns: every minute of real time has its place, also on days of 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar_sheet import Column, Entry, Place, Row, Sheet, midnight, sheet_of

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
NEW_YORK = ZoneInfo("America/New_York")
# Days of 23, 25, 23.5 and 24.5 hours; a clock that skips midnight, and one that repeats the hour before it.
CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Santiago", date(2026, 4, 4)),
    ("America/Havana", date(2026, 11, 1)),
]


def one_sheet(
    zone: ZoneInfo, first: date, days: int, entries: list[tuple[datetime, datetime]], now: datetime | None = None
) -> Sheet[int]:
    numbered = [Entry(start=start, end=end, what=index) for index, (start, end) in enumerate(entries)]
    shown = [first + index * _DAY for index in range(days)]
    return sheet_of(shown, zone, numbered, [], now or datetime(2020, 1, 1, tzinfo=UTC))


def minutes_of(place: Place) -> range:
    return range(place.top, place.top + place.minutes)


def covered(places: list[Place]) -> list[int]:
    return [minute for place in places for minute in minutes_of(place)]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize("days", [1, 7])
def test_an_hour_for_each_hour_fills_the_day_once_and_nothing_else(zone: str, day: date, days: int) -> None:
    there = ZoneInfo(zone)
    start, end = (midnight(one, there).astimezone(UTC) for one in (day, day + _DAY))
    quarters = [start + index * timedelta(minutes=15) for index in range((end - start) // timedelta(minutes=15))]
    entries = [(one, one + timedelta(minutes=15)) for one in quarters]
    first = day - timedelta(days=3 if days == 7 else 0)
    sheet = one_sheet(there, first, days, entries)
    column = next(one for one in sheet.columns if one.day == day)
    assert column.changes
    # Each in a lane of its own or not, all begin in their order, and with what is missing they fill the column.
    tops = [one.place.top for one in column.entries]
    assert tops == sorted(set(tops))
    filled = {minute for top in tops for minute in range(top, top + 15)} | set(covered([*column.missing]))
    assert len(tops) * 15 + len(covered([*column.missing])) == len(filled) == len(sheet.rows) * 60
    others = [one for one in sheet.columns if one.day != day]
    assert all(not one.changes for one in others)
    again = sum(row.again for row in sheet.rows)
    assert all(len(covered([*one.missing])) == again * 60 for one in others)


def test_the_repeated_hour_is_two_rows_and_the_skipped_one_is_said_to_be_missing() -> None:
    at = [datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6)]  # 1:30 EDT and 1:30 EST
    sheet = one_sheet(NEW_YORK, date(2026, 11, 1), 1, [(one, one + _HOUR) for one in at])
    assert [row.label for row in sheet.rows] == ["1 AM", "1 AM, again", "2 AM"]
    assert [(one.place.top, one.place.minutes) for one in sheet.columns[0].entries] == [(30, 60), (90, 60)]
    over = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)  # from 1:30 to 3:30 on the clock
    sheet = one_sheet(NEW_YORK, date(2026, 3, 8), 1, [(over, over + _HOUR)])
    assert [(one.top, one.minutes) for one in sheet.columns[0].missing] == [(60, 60)]
    assert [(one.place.top, one.place.minutes) for one in sheet.columns[0].entries] == [(30, 120)]


@given(
    st.lists(st.tuples(st.integers(0, 47 * 4), st.integers(1, 20)), max_size=25),
    st.sampled_from(CHANGES),
)
def test_what_overlaps_stands_side_by_side(found: list[tuple[int, int]], change: tuple[str, date]) -> None:
    zone, day = ZoneInfo(change[0]), change[1]
    start = midnight(day, zone).astimezone(UTC)
    quarter = timedelta(minutes=15)
    entries = [(start + at * quarter, start + (at + long) * quarter) for at, long in found]
    sheet = one_sheet(zone, day, 2, entries)
    for column in sheet.columns:
        here = [one for one in column.entries if one.place.lanes]
        assert {one.entry.what for one in here} == {index for index, one in enumerate(entries) if on(column, zone, one)}
        for index, one in enumerate(here):
            assert 0 <= one.place.lane < one.place.lanes
            assert 0 <= one.place.top < one.place.top + one.place.minutes <= len(sheet.rows) * 60
            for other in here[index + 1 :]:
                if set(minutes_of(one.place)) & set(minutes_of(other.place)):
                    assert one.place.lanes == other.place.lanes
                    assert one.place.lane != other.place.lane


def on(column: Column[int], zone: ZoneInfo, entry: tuple[datetime, datetime]) -> bool:
    begins, ends = (midnight(column.day + one * _DAY, zone).astimezone(UTC) for one in (0, 1))
    return entry[0] < ends and entry[1] > begins


def test_an_empty_week_shows_a_working_day_and_the_moment_that_is_now() -> None:
    now = datetime(2026, 12, 2, 15, 20, tzinfo=UTC)  # 10:20 in New York
    sheet = one_sheet(NEW_YORK, date(2026, 11, 29), 7, [], now)
    assert sheet.rows[0] == Row(hour=9, again=False)
    assert len(sheet.rows) == 8
    assert [one.now for one in sheet.columns] == [None, None, None, 80, None, None, None]
