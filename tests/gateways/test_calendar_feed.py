"""The calendar that programs subscribe to, read back: one event per appointment, and nothing of clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from domain.calendar_feed import FeedEvent, FeedNames, feed_summary
from domain.states import AppointmentStatus
from gateways.calendar_feed import ICalendarFeeds

START = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 1:30 in New York, the first of two


def event(status: AppointmentStatus = AppointmentStatus.BOOKED, summary: str = "A. E.") -> FeedEvent:
    return FeedEvent(
        uid="apt_one@portico.example",
        sequence=3,
        stamped_at=START - timedelta(days=9),
        starts_at=START,
        ends_at=START + timedelta(minutes=50),
        status=status,
        summary=summary,
    )


def read(content: bytes) -> Any:
    return Calendar.from_ical(content)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (AppointmentStatus.PENDING, "TENTATIVE"),
        (AppointmentStatus.BOOKED, "CONFIRMED"),
        (AppointmentStatus.FULFILLED, "CONFIRMED"),
        (AppointmentStatus.CANCELLED, "CANCELLED"),
    ],
)
def test_each_appointment_is_one_event_with_its_revision(status: AppointmentStatus, said: str) -> None:
    (found,) = read(ICalendarFeeds().write_feed("Dr. Example", "America/New_York", [event(status)])).walk("VEVENT")
    assert (found["UID"], found["SEQUENCE"], found["STATUS"]) == ("apt_one@portico.example", 3, said)
    assert (found["DTSTART"].dt, found["DTEND"].dt) == (START, START + timedelta(minutes=50))
    assert (found["TRANSP"] == "TRANSPARENT") == (status is AppointmentStatus.CANCELLED)
    assert {"DESCRIPTION", "ATTENDEE", "ORGANIZER", "LOCATION", "URL"}.isdisjoint(found)


def test_the_same_events_are_the_same_bytes() -> None:
    first, second = (ICalendarFeeds().write_feed("Dr. Example", "UTC", [event()]) for _ in range(2))
    assert first == second
    assert first != ICalendarFeeds().write_feed("Dr. Example", "UTC", [event(AppointmentStatus.CANCELLED)])


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_words_stay_in_their_line(name: str, summary: str) -> None:
    calendar = read(ICalendarFeeds().write_feed(name, "UTC", [event(summary=summary)]))
    assert [one.name for one in calendar.walk()] == ["VCALENDAR", "VEVENT"]


@pytest.mark.parametrize(
    ("names", "status", "said"),
    [
        (FeedNames.NOTHING, AppointmentStatus.BOOKED, "Appointment"),
        (FeedNames.INITIALS, AppointmentStatus.BOOKED, "A. E."),
        (FeedNames.INITIALS, AppointmentStatus.PENDING, "A. E. (held)"),
    ],
)
def test_a_name_is_never_more_than_its_initials(names: FeedNames, status: AppointmentStatus, said: str) -> None:
    assert feed_summary(names, status, "Ana", " example") == said
