"""Calendar mails (iTIP, RFC 5545 and 5546), written by the `icalendar` library."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress

from domain.ports import CalendarEvent, CalendarMethod, CalendarPart

_PRODUCT = "-//Portico//Portico//EN"
# Controls, line and paragraph separators, lone surrogates: no part of a text (RFC 5545 3.1), or not encodable.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
# What an address may carry raw in a `mailto:` (RFC 6068 2); the rest is percent-encoded.
_MAILTO_SAFE = "@!$'()*+,"


class ICalendars:
    """An event for one client alone: times in UTC, private, without alarm or place.

    Reminders are Portico's own mails, and an alarm would ring beside them.
    """

    def write(self, event: CalendarEvent) -> CalendarPart:
        calendar = Calendar()
        calendar.add("prodid", _PRODUCT)
        calendar.add("version", "2.0")
        calendar.add("calscale", "GREGORIAN")
        calendar.add("method", str(event.method))
        calendar.add_component(_vevent(event))
        return CalendarPart(method=event.method, content=calendar.to_ical())


def _vevent(event: CalendarEvent) -> Event:
    cancelled = event.method is CalendarMethod.CANCEL
    vevent = Event()
    vevent.add("uid", one_line(event.uid))
    vevent.add("sequence", event.sequence)
    vevent.add("dtstamp", _whole_second(event.stamped_at))
    vevent.add("dtstart", _whole_second(event.starts_at))
    vevent.add("dtend", _whole_second(event.ends_at))
    vevent.add("summary", one_line(event.summary))
    vevent.add("description", _text(event.description))
    # CN may hold no double quote (RFC 5545 3.2), and few clients know RFC 6868's way round it.
    name = one_line(event.organizer_name).replace('"', "'")
    vevent.add("organizer", vCalAddress(_mailto(event.organizer_email)), parameters={"CN": name})
    # The client has booked: there is nothing to answer, and a calendar that asked would ask for nothing.
    booked = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}
    vevent.add("attendee", vCalAddress(_mailto(event.attendee_email)), parameters=booked)
    vevent.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    vevent.add("transp", "OPAQUE")
    vevent.add("class", "PRIVATE")
    return vevent


def _whole_second(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)


def _mailto(address: str) -> str:
    return f"mailto:{quote(address, safe=_MAILTO_SAFE)}"


def _text(text: str) -> str:
    """Text that may have several lines."""
    return "\n".join(one_line(line) for line in text.splitlines())


def one_line(text: str) -> str:
    """The text on one line, with nothing in it that a calendar couldn't hold."""
    return " ".join("".join(" " if unicodedata.category(c) in _UNPRINTABLE else c for c in text).split())
