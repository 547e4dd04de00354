"""Calendars that other programs subscribe to (RFC 5545, 7986), written by the `icalendar` library."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from domain.calendar_feed import FeedEvent
from domain.states import AppointmentStatus
from gateways.calendar_mail import one_line

_PRODUCT = "-//Portico//Portico//EN"
# How often a program is asked to look again; few do so more often than every few minutes, some only a few times a day.
_REFRESH = timedelta(minutes=15)
_STATUS = {AppointmentStatus.PENDING: "TENTATIVE", AppointmentStatus.CANCELLED: "CANCELLED"}


class ICalendarFeeds:
    """Times in UTC, private, without alarm, place, description or people."""

    def write_feed(self, name: str, timezone: str, events: Sequence[FeedEvent]) -> bytes:
        calendar = Calendar()
        calendar.add("prodid", _PRODUCT)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("name", one_line(name))
        calendar.add("x-wr-calname", one_line(name))
        calendar.add("x-wr-timezone", timezone)
        calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT15M")
        for event in events:
            calendar.add_component(_vevent(event))
        written: bytes = calendar.to_ical()
        return written


def _vevent(event: FeedEvent) -> Event:
    vevent = Event()
    vevent.add("uid", event.uid)
    vevent.add("sequence", event.sequence)
    vevent.add("dtstamp", _whole_second(event.stamped_at))
    vevent.add("dtstart", _whole_second(event.starts_at))
    vevent.add("dtend", _whole_second(event.ends_at))
    vevent.add("summary", one_line(event.summary))
    vevent.add("status", _STATUS.get(event.status, "CONFIRMED"))
    vevent.add("transp", "TRANSPARENT" if event.status is AppointmentStatus.CANCELLED else "OPAQUE")
    vevent.add("class", "PRIVATE")
    return vevent


def _whole_second(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)
