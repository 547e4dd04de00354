"""The availability page's forms: what is shown can be saved, and each wrong input is named."""

from __future__ import annotations

from typing import Any

import pytest

from domain.availability import parse_availability
from domain.errors import ValidationFailed
from portal import hours_words
from portal.availability_forms import changed, minutes_typed, sheet_from, sheet_of
from portal.forms import Form

DOCUMENT: dict[str, Any] = {
    "timezone": "America/New_York",
    "weekly": [
        {"weekday": "monday", "start": "09:00", "end": "12:00"},
        {"weekday": "monday", "start": "13:00", "end": "17:00"},
        {"weekday": "sunday", "start": "20:00", "end": "24:00"},
    ],
    "overrides": [{"date": "2026-12-24", "intervals": []}],
    "time_off": [{"first_day": "2026-08-01", "last_day": "2026-08-14", "note": "Away"}],
    "open_on_holidays": ["2026-11-27"],
}


def form(action: str, **values: str) -> Form:
    return Form({name: [value] for name, value in {"action": action, **values}.items()})


def typed_week(**changes: str) -> Form:
    """The week's form as the page shows it, with changes."""
    sheet = sheet_of(DOCUMENT)
    values = {"action": "hours", "timezone": sheet.timezone}
    for day, rows in sheet.days.items():
        for index, (start, end) in enumerate(rows):
            values |= {f"{day}.{index}.start": start, f"{day}.{index}.end": end}
    return Form({name: [value] for name, value in (values | changes).items()})


def refused(a_form: Form) -> list[str]:
    with pytest.raises(ValidationFailed) as refusal:
        changed(DOCUMENT, a_form)
    return [error.field for error in refusal.value.errors]


def test_saving_the_week_as_it_is_shown_changes_nothing() -> None:
    assert changed(DOCUMENT, typed_week()) == DOCUMENT


def test_midnight_ends_a_day_and_never_begins_behind_it() -> None:
    after = changed(DOCUMENT, typed_week(**{"tuesday.0.start": "22:00", "tuesday.0.end": "00:00"}))
    assert {"weekday": "tuesday", "start": "22:00", "end": "24:00"} in after["weekly"]
    after = changed(DOCUMENT, typed_week(**{"tuesday.0.start": "00:00", "tuesday.0.end": "00:00"}))
    assert {"weekday": "tuesday", "start": "00:00", "end": "24:00"} in after["weekly"]


def test_wrong_hours_are_named_by_their_input() -> None:
    assert refused(typed_week(**{"friday.0.start": "09:00"})) == ["friday.0.end"]
    assert refused(typed_week(**{"friday.0.end": "noon"})) == ["friday.0.start", "friday.0.end"]
    assert refused(typed_week(**{"friday.0.start": "10:00", "friday.0.end": "9:00"})) == ["friday.0.end"]
    assert refused(typed_week(**{"monday.2.start": "16:00", "monday.2.end": "18:00"})) == ["monday.2.start"]
    assert refused(typed_week(timezone="Mars/Olympus")) == ["timezone"]


def test_a_date_replaces_the_one_that_was_there() -> None:
    after = changed(DOCUMENT, form("date", date="2026-12-24", **{"date.0.start": "09:00", "date.0.end": "11:30"}))
    assert after["overrides"] == [{"date": "2026-12-24", "intervals": [{"start": "09:00", "end": "11:30"}]}]
    assert changed(after, form("date", date="2026-12-24")) == DOCUMENT
    assert changed(DOCUMENT, form("remove-date.2026-12-24"))["overrides"] == []
    assert refused(form("date", date="", **{"date.0.start": "9", "date.0.end": "10:00"})) == ["date.0.start", "date"]


def test_time_off_of_one_day_needs_one_date() -> None:
    after = changed(DOCUMENT, form("time-off", first_day="2026-12-31", last_day="", note=""))
    assert parse_availability(after).time_off[-1].last_day.isoformat() == "2026-12-31"
    assert changed(after, form("remove-time-off.2026-12-31.2026-12-31"))["time_off"] == DOCUMENT["time_off"]
    assert refused(form("time-off", first_day="2026-12-31", last_day="2026-12-01")) == ["last_day"]
    assert refused(form("time-off", first_day="")) == ["first_day", "last_day"]


def test_a_provider_stays_open_on_a_holiday_and_closes_again() -> None:
    after = changed(DOCUMENT, form("open.2026-12-25"))
    assert after["open_on_holidays"] == ["2026-11-27", "2026-12-25"]
    assert changed(after, form("closed.2026-12-25")) == DOCUMENT


def test_rows_are_added_and_monday_copied_without_saving() -> None:
    week = typed_week(action="more.monday")
    assert len(sheet_from(week).days["monday"]) == 3
    assert len(sheet_from(week).days["tuesday"]) == 1
    copied = sheet_from(typed_week(action="copy")).days
    assert copied["friday"] == copied["monday"]
    assert copied["saturday"] == [("", "")]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("09:00", 540), ("9:05", 545), ("24:00", 1440), ("5:30 PM", 1050), ("12 am", 0), ("12:15 p.m.", 735)],
)
def test_times_are_understood_as_people_write_them(text: str, minutes: int) -> None:
    assert minutes_typed(text) == minutes


@pytest.mark.parametrize("text", ["9", "25:00", "24:01", "9:60", "13 pm", "0 am", "nine", "٩:٠٠", "-1:00"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert minutes_typed(text) is None


def test_the_week_is_said_in_runs() -> None:
    office = {"timezone": "UTC", "overrides": []}
    days = ("monday", "tuesday", "wednesday", "saturday", "sunday")
    weekly = [{"weekday": day, "start": "09:00", "end": "24:00"} for day in days]
    assert hours_words.week(parse_availability(office | {"weekly": weekly})) == [
        ("Monday to Wednesday", "9:00 AM to midnight"),
        ("Thursday and Friday", "Closed"),
        ("Saturday and Sunday", "9:00 AM to midnight"),
    ]
