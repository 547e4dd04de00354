"""Busy times out of calendars as Google, Outlook and Apple write them, and out of files that nobody should write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.busy_calendars import CalendarUnreadable, Unreadable
from gateways.calendar_reading import CalendarReader, busy_times

NEW_YORK = ZoneInfo("America/New_York")
FROM, TO = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
HOST = "portal.example.com"
# As Outlook publishes it: a zone of its own name, with rules.
EASTERN = """BEGIN:VTIMEZONE
TZID:Eastern Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


def calendar(*events: str, head: str = "") -> bytes:
    body = "\n".join(f"BEGIN:VEVENT\nUID:{index}@elsewhere\n{one}\nEND:VEVENT" for index, one in enumerate(events))
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\n{head}\n{body}\nEND:VCALENDAR\n"
    return "".join(f"{line}\r\n" for line in text.splitlines() if line).encode()


def busy(*events: str, head: str = "", zone: ZoneInfo = NEW_YORK) -> list[str]:
    found = busy_times(calendar(*events, head=head), zone, HOST, FROM, TO)
    return [f"{one.start:%m-%d %H:%M}/{one.end:%m-%d %H:%M}" for one in found]


ONE = "DTSTART:20261102T150000Z\nDTEND:20261102T160000Z"


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (ONE, ["11-02 15:00/11-02 16:00"]),
        ("DTSTART:20261102T150000Z\nDURATION:PT90M", ["11-02 15:00/11-02 16:30"]),
        # Google: a zone by its IANA name, without a definition of it.
        ("DTSTART;TZID=America/New_York:20261102T100000\nDTEND;TZID=America/New_York:20261102T110000",
         ["11-02 15:00/11-02 16:00"]),
        # Times that float, and whole days, are the provider's.
        ("DTSTART:20261102T100000\nDTEND:20261102T110000", ["11-02 15:00/11-02 16:00"]),
        ("DTSTART;VALUE=DATE:20261102", ["11-02 05:00/11-03 05:00"]),
        ("DTSTART;VALUE=DATE:20261030\nDTEND;VALUE=DATE:20261103", ["10-30 04:00/11-03 05:00"]),
        # Days of 25 and of 24 hours.
        ("DTSTART;VALUE=DATE:20261101\nRRULE:FREQ=DAILY;COUNT=2", ["11-01 04:00/11-03 05:00"]),
        # What isn't busy.
        (f"{ONE}\nTRANSP:TRANSPARENT", []),
        (f"{ONE}\nSTATUS:CANCELLED", []),
        (f"{ONE}\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", []),
        (f"{ONE}\nX-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", []),
        (f"{ONE}\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", ["11-02 15:00/11-02 16:00"]),
        (f"{ONE}\nSTATUS:TENTATIVE", ["11-02 15:00/11-02 16:00"]),
        ("DTSTART:20261102T150000Z", []),
        ("DTSTART:20261102T150000Z\nDTEND:20261102T150000Z", []),
        # Outside of what is looked at.
        ("DTSTART:20250102T150000Z\nDTEND:20250102T160000Z", []),
    ],
)  # fmt: skip
def test_an_event_is_busy_as_its_program_means_it(event: str, found: list[str]) -> None:
    assert busy(event) == found


def test_a_weekly_meeting_keeps_its_hour_over_the_change_of_the_clock() -> None:
    meeting = (
        "DTSTART;TZID=Eastern Standard Time:20261026T090000\nDTEND;TZID=Eastern Standard Time:20261026T093000\n"
        "RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=MO\nEXDATE;TZID=Eastern Standard Time:20261109T090000"
    )
    assert busy(meeting, head=EASTERN) == ["10-26 13:00/10-26 13:30", "11-02 14:00/11-02 14:30"]


def test_one_time_of_a_series_can_be_moved_and_another_called_off() -> None:
    series = "UID:one\nDTSTART:20261102T150000Z\nDTEND:20261102T160000Z\nRRULE:FREQ=DAILY;COUNT=3"
    moved = "UID:one\nRECURRENCE-ID:20261103T150000Z\nDTSTART:20261103T190000Z\nDTEND:20261103T200000Z"
    off = f"UID:one\nRECURRENCE-ID:20261104T150000Z\n{ONE.replace('1102', '1104')}\nSTATUS:CANCELLED"
    events = "".join(f"BEGIN:VEVENT\n{one}\nEND:VEVENT\n" for one in (series, moved, off))
    assert busy(head=events.strip()) == ["11-02 15:00/11-02 16:00", "11-03 19:00/11-03 20:00"]


def test_what_touches_is_one_and_our_own_appointments_are_not_busy_twice() -> None:
    later = "DTSTART:20261102T153000Z\nDTEND:20261102T170000Z"
    assert busy(ONE, later, ONE.replace("1102", "1103")) == ["11-02 15:00/11-02 17:00", "11-03 15:00/11-03 16:00"]
    ours = f"BEGIN:VEVENT\nUID:apt_abc@{HOST}\n{ONE}\nEND:VEVENT"
    assert busy(head=ours) == []


def test_a_calendar_that_is_published_without_its_events_says_busy_times_all_the_same() -> None:
    stated = (
        "BEGIN:VFREEBUSY\nDTSTAMP:20261101T000000Z\nUID:f\n"
        "FREEBUSY:20261102T150000Z/20261102T160000Z,20261103T150000Z/PT1H\n"
        "FREEBUSY;FBTYPE=FREE:20261104T150000Z/20261104T160000Z\nEND:VFREEBUSY"
    )
    assert busy(head=stated) == ["11-02 15:00/11-02 16:00", "11-03 15:00/11-03 16:00"]


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 400)), max_size=12))
def test_a_moment_is_busy_exactly_when_some_event_is(found: list[tuple[int, int]]) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    spans = [(start + timedelta(minutes=at), start + timedelta(minutes=at + long)) for at, long in found]
    read = busy_times(
        calendar(*(f"DTSTART:{one:%Y%m%dT%H%M%SZ}\nDTEND:{other:%Y%m%dT%H%M%SZ}" for one, other in spans)),
        NEW_YORK, HOST, FROM, TO,
    )  # fmt: skip
    assert all(one.end < other.start for one, other in pairwise(read))
    for minute in range(0, 2500, 7):
        moment = start + timedelta(minutes=minute)
        meant = any(one <= moment < other for one, other in spans)
        assert meant == any(one.start <= moment < one.end for one in read)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Sign in</html>",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        calendar("DTSTART:soon\nDTEND:later"),
        calendar(f"{ONE}\nRRULE:FREQ=SOMETIMES"),
        b"\xff\xfe\x00\x01" * 50,
    ],
)
def test_what_is_no_calendar_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(CalendarUnreadable) as refusal:
        busy_times(content, NEW_YORK, HOST, FROM, TO)
    assert refusal.value.why is Unreadable.NOT_A_CALENDAR


async def test_a_rule_without_end_is_given_up_and_a_calendar_is_read_in_a_process_of_its_own() -> None:
    reader = CalendarReader(HOST, seconds=1.5)
    endless = "DTSTART:19700101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY"
    with pytest.raises(CalendarUnreadable) as refusal:
        await reader.busy_times(calendar(endless), "America/New_York", FROM, TO)
    assert refusal.value.why is Unreadable.TOO_MUCH
    (read,) = await CalendarReader(HOST).busy_times(calendar(ONE), "America/New_York", FROM, TO)
    assert (read.start, read.end) == (datetime(2026, 11, 2, 15, tzinfo=UTC), datetime(2026, 11, 2, 16, tzinfo=UTC))
