"""Calendar mails as two readers see them: the `icalendar` library, and an eye on the raw text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from domain.ports import CalendarEvent, CalendarMethod, CalendarPart
from gateways.calendar_mail import ICalendars

NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
START = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
LINK = "https://portico.example/portal/appointments/apt_x"

# What people and attackers write: separators of iCalendar, MIME and header lines, and letters of many bytes.
SPECIAL = ",;:\\\"'^%=&<>/?#@\t äöüßé😀👩‍⚕️日本"
NASTY = [
    "\r\n",
    "\n",
    "\r",
    "\r\nBcc: x@example.com\r\n\r\n",
    "\nEND:VEVENT\n",
    "\x00",
    "\x85",
    "\u2028",
    "\ud800",
    "\\n",
]
TEXTS = st.lists(st.sampled_from([*SPECIAL, *NASTY, "a", "Z", "0"]) | st.characters(), max_size=120).map("".join)
MAILBOXES = st.from_regex(r"\A[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,40}@[a-z0-9]{1,20}\.example\Z")
ZONES = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])


def event(
    *,
    method: CalendarMethod = CalendarMethod.REQUEST,
    sequence: int = 0,
    stamped_at: datetime = NOW,
    starts_at: datetime = START,
    ends_at: datetime | None = None,
    name: str = "Lakeside Practice",
    description: str = f"See it in the portal: {LINK}\nQuestions? Call 555-010-0100.",
    organizer: str = "desk@practice.example",
    attendee: str = "ann@example.com",
) -> CalendarEvent:
    return CalendarEvent(
        method=method,
        uid="apt_x@portico.example",
        sequence=sequence,
        stamped_at=stamped_at,
        starts_at=starts_at,
        ends_at=ends_at or starts_at + timedelta(minutes=50),
        summary=f"Appointment with {name}",
        description=description,
        organizer_name=name,
        organizer_email=organizer,
        attendee_email=attendee,
    )


def write(one: CalendarEvent) -> CalendarPart:
    return ICalendars().write(one)


def parsed(part: CalendarPart) -> Any:
    """The one event in it, by property."""
    (found,) = Calendar.from_ical(part.content).walk("VEVENT")
    return found


def raw_lines(part: CalendarPart) -> list[str]:
    """Unfolded by hand (RFC 5545 3.1), after a look at the bytes."""
    assert part.content.endswith(b"\r\n")
    lines = part.content.split(b"\r\n")[:-1]
    assert all(0 < len(line) <= 75 for line in lines)
    assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", b"".join(lines))
    for line in lines:
        line.decode()  # no letter is cut in two by a fold
    return part.content.decode().replace("\r\n ", "").split("\r\n")[:-1]


def names_of(lines: list[str]) -> list[str]:
    return [re.split("[;:]", line)[0] for line in lines]


def plain(text: str) -> str:
    """What is left of a text on one line: words, with what no calendar may hold taken for white space."""
    return " ".join(re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text).split())


def test_an_invitation_reads_as_written() -> None:
    lines = raw_lines(write(event()))
    assert lines == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Portico//Portico//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "SUMMARY:Appointment with Lakeside Practice",
        "DTSTART:20261201T140000Z",
        "DTEND:20261201T145000Z",
        "DTSTAMP:20261123T090000Z",
        "UID:apt_x@portico.example",
        "SEQUENCE:0",
        "ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE:mailto:ann@example.com",
        "CLASS:PRIVATE",
        f"DESCRIPTION:See it in the portal: {LINK}\\nQuestions? Call 555-010-0100.",
        'ORGANIZER;CN="Lakeside Practice":mailto:desk@practice.example',
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_the_same_event_makes_the_same_bytes() -> None:
    assert write(event()) == write(event())


def test_a_move_is_the_same_event_with_a_higher_sequence() -> None:
    booked = parsed(write(event()))
    moved = parsed(write(event(sequence=1, starts_at=START + timedelta(days=1))))
    assert moved["UID"] == booked["UID"]
    assert (booked["SEQUENCE"], moved["SEQUENCE"]) == (0, 1)
    assert moved["DTSTART"].dt - booked["DTSTART"].dt == timedelta(days=1)


def test_a_cancellation_takes_out_the_event_that_the_invitation_put_in() -> None:
    booked = write(event())
    part = write(event(method=CalendarMethod.CANCEL, sequence=1, stamped_at=NOW + timedelta(hours=1)))
    lines = raw_lines(part)
    assert "METHOD:CANCEL" in lines
    assert "STATUS:CANCELLED" in lines
    assert "SEQUENCE:1" in lines
    was, now = parsed(booked), parsed(part)
    for same in ("UID", "ORGANIZER", "ATTENDEE", "DTSTART", "DTEND"):
        assert now[same] == was[same]
    assert now["SEQUENCE"] > was["SEQUENCE"]
    assert now["DTSTAMP"].dt > was["DTSTAMP"].dt


@pytest.mark.parametrize("method", list(CalendarMethod))
@pytest.mark.parametrize("sequence", [0, 1, 12])
def test_what_rfc_5546_wants_is_there_once_and_nothing_rings(method: CalendarMethod, sequence: int) -> None:
    part = write(event(method=method, sequence=sequence))
    names = names_of(raw_lines(part))
    for wanted in ("METHOD", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "ORGANIZER", "ATTENDEE", "STATUS"):
        assert names.count(wanted) == 1, wanted
    assert not {"VALARM", "LOCATION", "VTIMEZONE", "CATEGORIES", "COMMENT"} & set(names)
    assert part.content.count(b"BEGIN:") == 2


@given(name=TEXTS, description=TEXTS, method=st.sampled_from(CalendarMethod))
def test_any_words_come_back_and_write_no_line_of_their_own(
    name: str, description: str, method: CalendarMethod
) -> None:
    part = write(event(name=name, description=description, method=method))
    assert names_of(raw_lines(part)) == names_of(raw_lines(write(event(method=method))))
    found = parsed(part)
    assert str(found["SUMMARY"]) == plain(f"Appointment with {name}")
    assert found["ORGANIZER"].params["CN"] == plain(name).replace('"', "'")
    assert plain(str(found["DESCRIPTION"])) == plain(description)


@given(organizer=MAILBOXES, attendee=MAILBOXES)
def test_any_address_comes_back(organizer: str, attendee: str) -> None:
    part = write(event(organizer=organizer, attendee=attendee))
    found = parsed(part)
    for said, meant in ((found["ORGANIZER"], organizer), (found["ATTENDEE"], attendee)):
        assert re.fullmatch(r"mailto:[A-Za-z0-9@!$'()*+,._~%-]+", said)
        assert unquote(said.removeprefix("mailto:")) == meant
    assert part.content.count(b"ATTENDEE") == 1


@pytest.mark.parametrize(
    "address", ["jörg@exämple.example", "a@b.example\r\nATTENDEE:mailto:x@example.com", '"a b"@c.example']
)
def test_an_odd_address_stays_in_its_line(address: str) -> None:
    part = write(event(attendee=address))
    assert names_of(raw_lines(part)) == names_of(raw_lines(write(event())))
    assert unquote(parsed(part)["ATTENDEE"].removeprefix("mailto:")) == address


@given(
    local=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2060, 1, 1)),
    fold=st.sampled_from([0, 1]),
    zone=ZONES,
    length=st.integers(min_value=1, max_value=24 * 60),
)
def test_any_instant_of_any_zone_is_said_in_utc(local: datetime, fold: int, zone: str, length: int) -> None:
    instant = local.replace(microsecond=0, fold=fold, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    there = instant.astimezone(ZoneInfo(zone))
    ends = (instant + timedelta(minutes=length)).astimezone(ZoneInfo(zone))
    part = write(event(starts_at=there, ends_at=ends, stamped_at=there))
    found = parsed(part)
    assert found["DTSTART"].dt == found["DTSTAMP"].dt == instant
    assert found["DTEND"].dt - found["DTSTART"].dt == timedelta(minutes=length)
    assert f"DTSTART:{instant:%Y%m%dT%H%M%SZ}" in raw_lines(part)
    assert b"TZID" not in part.content
