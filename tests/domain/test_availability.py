"""Availability: what is read, what is refused and how it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.availability import parse_availability
from domain.errors import ValidationFailed
from domain.hours import WEEKDAYS, Availability, clock

OFFICE: dict[str, Any] = {
    "timezone": "America/New_York",
    "weekly": [
        {"weekday": "monday", "start": "09:00", "end": "12:00"},
        {"weekday": "monday", "start": "12:00", "end": "24:00"},
    ],
    "overrides": [
        {"date": "2026-12-24", "intervals": [{"start": "09:00", "end": "11:00"}]},
        {"date": "2026-12-25", "intervals": []},
    ],
}
TIME_OFF = {"first_day": "2026-12-24", "last_day": "2027-01-02", "note": "Skiing"}


def refused(document: object) -> list[str]:
    with pytest.raises(ValidationFailed) as refusal:
        parse_availability(document)  # type: ignore[arg-type]
    return [error.field for error in refusal.value.errors]


def test_a_document_survives_the_round_trip() -> None:
    assert parse_availability(OFFICE).as_document() == OFFICE


def test_an_override_replaces_the_day_and_none_closes_it() -> None:
    availability = parse_availability(OFFICE | {"overrides": [{"date": "2026-11-30", "intervals": []}]})
    days = {day.isoformat(): availability.on(day) for day in map(_date, ("2026-11-30", "2026-12-07", "2026-12-08"))}
    assert {day: len(intervals) for day, intervals in days.items()} == {
        "2026-11-30": 0,
        "2026-12-07": 2,
        "2026-12-08": 0,
    }


def test_what_came_after_the_contract_is_there_only_where_it_says_something() -> None:
    document = OFFICE | {"time_off": [TIME_OFF], "open_on_holidays": ["2026-12-21", "2027-01-04"]}
    assert parse_availability(document).as_document() == document
    assert parse_availability(OFFICE | {"time_off": [], "open_on_holidays": []}).as_document() == OFFICE


def test_what_closes_a_day_wins_over_what_opens_it() -> None:
    """Mondays: the 21st has hours by the week, the 28th by an override too."""
    hours = [{"start": "10:00", "end": "11:00"}]
    document = OFFICE | {"overrides": [{"date": "2026-12-28", "intervals": hours}]}
    days = [_date("2026-12-21"), _date("2026-12-28")]

    def opened(change: dict[str, Any], holidays: Sequence[date] = ()) -> list[tuple[int, str | None]]:
        availability = replace(parse_availability(document | change), holidays=frozenset(holidays))
        return [(len(availability.on(day)), availability.closing(day)) for day in days]

    open_on = {"open_on_holidays": [day.isoformat() for day in days]}
    away = {"time_off": [{"first_day": "2026-12-28", "last_day": "2026-12-29"}]}
    assert opened({}) == [(2, None), (1, None)]
    assert opened({}, days) == [(0, "holiday"), (0, "holiday")]
    assert opened(open_on, days) == [(2, None), (1, None)]
    assert opened(open_on | away, days) == [(2, None), (0, "time_off")]
    assert opened(away | {"time_off": [TIME_OFF, *away["time_off"]]}) == [(2, None), (0, "time_off")]


def test_time_off_holds_from_its_first_to_its_last_day() -> None:
    availability = parse_availability(
        OFFICE
        | {
            "time_off": [
                {"first_day": "2026-12-07", "last_day": "2026-12-07"},
                {"first_day": "2026-12-20", "last_day": "2026-12-30"},
                {"first_day": "2026-12-21", "last_day": "2026-12-23"},
            ]
        }
    )
    closed = [day for day in range(1, 32) if availability.closing(date(2026, 12, day))]
    assert closed == [7, *range(20, 31)]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"timezone": "America/Nowhere"}, ["timezone"]),
        ({"timezone": "America"}, ["timezone"]),
        ({"timezone": "../etc/passwd"}, ["timezone"]),
        ({"timezone": "right/UTC"}, ["timezone"]),
        ({"timezone": 5}, ["timezone"]),
        ({"holidays": []}, ["holidays"]),
        ({"time_off": {}}, ["time_off"]),
        ({"time_off": [TIME_OFF | {"last_day": "2026-12-23"}]}, ["time_off[0].last_day"]),
        ({"time_off": [TIME_OFF | {"last_day": "2036-12-23"}]}, ["time_off[0].last_day"]),
        ({"time_off": [{"first_day": "2026-12-23"}]}, ["time_off[0].last_day"]),
        ({"time_off": [TIME_OFF | {"note": "x" * 201}]}, ["time_off[0].note"]),
        ({"time_off": [TIME_OFF | {"note": "two\nlines"}]}, ["time_off[0].note"]),
        ({"time_off": [TIME_OFF | {"note": None}]}, ["time_off[0].note"]),
        ({"open_on_holidays": ["2026-12-25", "2026-12-25"]}, ["open_on_holidays[1]"]),
        ({"open_on_holidays": ["Christmas"]}, ["open_on_holidays[0]"]),
        ({"weekly": {}}, ["weekly"]),
        ({"weekly": ["monday"]}, ["weekly[0]"]),
        ({"weekly": [{"weekday": "Monday", "start": "09:00", "end": "10:00"}]}, ["weekly[0].weekday"]),
        ({"weekly": [{"weekday": "monday", "start": "9:00", "end": "10:00"}]}, ["weekly[0].start"]),
        ({"weekly": [{"weekday": "monday", "start": "24:00", "end": "24:00"}]}, ["weekly[0].start"]),
        ({"weekly": [{"weekday": "monday", "start": "09:00", "end": "25:00"}]}, ["weekly[0].end"]),
        ({"weekly": [{"weekday": "monday", "start": "09:00", "end": "09:00"}]}, ["weekly[0].end"]),
        ({"weekly": [{"weekday": "monday", "start": "٠٩:٠٠", "end": "10:00"}]}, ["weekly[0].start"]),
        ({"weekly": [{"weekday": "monday", "start": "09:00", "end": "10:00", "note": ""}]}, ["weekly[0].note"]),
        ({"weekly": [{"weekday": "monday", "start": "09:00"}]}, ["weekly[0].end"]),
        ({"overrides": [{"date": "2026-02-30", "intervals": []}]}, ["overrides[0].date"]),
        ({"overrides": [{"date": "20260201", "intervals": []}]}, ["overrides[0].date"]),
        ({"overrides": [{"date": "2026-02-03", "intervals": None}]}, ["overrides[0].intervals"]),
        ({"overrides": [{"date": "2026-02-03", "intervals": []}] * 2}, ["overrides[1].date"]),
    ],
)
def test_what_is_wrong_is_refused_by_its_path(change: dict[str, Any], fields: list[str]) -> None:
    assert refused(OFFICE | change) == fields


def test_overlapping_openings_of_a_day_are_refused_and_touching_ones_are_not() -> None:
    nine, ten, eleven = ({"start": f"{hour:02d}:00", "end": f"{hour + 2:02d}:00"} for hour in (9, 10, 11))
    overrides = [{"date": "2026-12-24", "intervals": [eleven, nine]}, {"date": "2026-12-26", "intervals": [ten, nine]}]
    assert refused(OFFICE | {"overrides": overrides}) == ["overrides[1].intervals[0].start"]
    weekly = [{"weekday": "friday", **nine}, {"weekday": "monday", **ten}, {"weekday": "friday", **ten}]
    assert refused(OFFICE | {"weekly": weekly}) == ["weekly[2].start"]


def test_every_mistake_is_told_at_once() -> None:
    assert refused({"timezone": "", "weekly": 1, "extra": 1}) == ["extra", "overrides", "timezone", "weekly"]
    assert refused([]) == ["availability"]


@st.composite
def availabilities(draw: st.DrawFn) -> dict[str, Any]:
    def day() -> list[dict[str, str]]:
        edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        return [{"start": clock(start), "end": clock(end)} for start, end in pairs]

    dates = draw(st.lists(st.dates(), max_size=3, unique=True))
    return {
        "timezone": draw(st.sampled_from(["UTC", "Europe/Paris", "Asia/Kathmandu"])),
        "weekly": [{"weekday": str(weekday), **interval} for weekday in WEEKDAYS for interval in day()],
        "overrides": [{"date": one.isoformat(), "intervals": day()} for one in dates],
    } | later_members(draw)


def later_members(draw: st.DrawFn) -> dict[str, Any]:
    off = [
        {"first_day": one.isoformat(), "last_day": one.isoformat()} | ({"note": note} if note else {})
        for one, note in draw(st.lists(st.tuples(st.dates(), st.sampled_from(["", "Congress"])), max_size=2))
    ]
    open_on = sorted(one.isoformat() for one in draw(st.lists(st.dates(), max_size=2, unique=True)))
    return {name: value for name, value in (("time_off", off), ("open_on_holidays", open_on)) if value}


@given(availabilities())
def test_every_valid_document_survives_the_round_trip(document: dict[str, Any]) -> None:
    availability = parse_availability(document)
    assert isinstance(availability, Availability)
    assert availability.as_document() == document
    assert parse_availability(availability.as_document()) == availability


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["monday", "09:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["timezone", "weekly", "overrides", "weekday", "start", "end", "date", "intervals", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON, st.fixed_dictionaries({}, optional={"timezone": _JSON, "weekly": _JSON, "overrides": _JSON}))
def test_bad_input_raises_nothing_but_a_refusal(anything: object, parts: dict[str, Any]) -> None:
    for document in (anything, OFFICE | parts):
        try:
            parse_availability(document)  # type: ignore[arg-type]
        except ValidationFailed as refusal:
            assert refusal.errors


def _date(text: str) -> date:
    return date.fromisoformat(text)
