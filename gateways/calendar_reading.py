"""Busy times of an iCalendar file (RFC 5545): what is in it blocks a provider's time, and nothing else of it is kept.

Anybody can write such a file, and a rule that repeats every second, or on no day ever, keeps a reader busy for hours:
so it is read in a process of its own, which is ended when it takes too long.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.busy_calendars import CalendarUnreadable, Unreadable
from domain.slots import Interval

_DAY = timedelta(days=1)
_MOST_EVENTS = 20_000  # times, repetitions counted
_SECONDS = 20
_ROOT = Path(__file__).parent.parent
_PROGRAM = "from gateways.calendar_reading import main; main()"
# What Outlook says of an event beside TRANSP: there, but to be had.
_NOT_BUSY = {"FREE", "WORKINGELSEWHERE"}


class CalendarReader:
    """`host` is the right-hand side of our own UIDs: what comes back from our own feed isn't busy twice."""

    def __init__(self, host: str, *, seconds: float = _SECONDS) -> None:
        self._host = host
        self._seconds = seconds

    async def busy_times(self, content: bytes, zone: str, start: datetime, end: datetime) -> list[Interval]:
        """Within the window, joined where they touch, ascending. Raises CalendarUnreadable."""
        head = json.dumps({"zone": zone, "host": self._host, "start": start.isoformat(), "end": end.isoformat()})
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PROGRAM),
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(self._seconds):
                answer, _ = await process.communicate(head.encode() + b"\n" + content)
        except TimeoutError:
            raise CalendarUnreadable(Unreadable.TOO_MUCH) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise CalendarUnreadable(Unreadable.NOT_A_CALENDAR)
        read = json.loads(answer)
        if "unreadable" in read:
            raise CalendarUnreadable(Unreadable(read["unreadable"]))
        return [
            Interval(start=datetime.fromtimestamp(one, UTC), end=datetime.fromtimestamp(other, UTC))
            for one, other in read["busy"]
        ]


def main() -> None:
    """The process's own part: a line of JSON and the file in, JSON out."""
    head, _, content = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(head)
    start, end = (datetime.fromisoformat(asked[name]) for name in ("start", "end"))
    try:
        found = busy_times(content, ZoneInfo(asked["zone"]), asked["host"], start, end)
        answer: dict[str, Any] = {"busy": [(one.start.timestamp(), one.end.timestamp()) for one in found]}
    except CalendarUnreadable as refusal:
        answer = {"unreadable": str(refusal.why)}
    sys.stdout.write(json.dumps(answer))


def busy_times(content: bytes, zone: ZoneInfo, host: str, start: datetime, end: datetime) -> list[Interval]:
    """Raises CalendarUnreadable."""
    import recurring_ical_events
    from icalendar import Calendar

    try:
        calendar = Calendar.from_ical(content)
        if not isinstance(calendar, Calendar) or calendar.name != "VCALENDAR":
            raise CalendarUnreadable(Unreadable.NOT_A_CALENDAR)
        # A day more at either end: days are the provider's, and the library doesn't know whose.
        events = recurring_ical_events.of(calendar).between(start - _DAY, end + _DAY)
        found = [*_busy_events(events, zone, host), *_stated(calendar, zone)]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError):
        # What the libraries raise on what isn't iCalendar.
        raise CalendarUnreadable(Unreadable.NOT_A_CALENDAR) from None
    return _joined([(max(one, start), min(other, end)) for one, other in found if one < end and other > start])


def _busy_events(events: Any, zone: ZoneInfo, host: str) -> Iterator[tuple[datetime, datetime]]:
    for count, event in enumerate(events):
        if count >= _MOST_EVENTS:
            raise CalendarUnreadable(Unreadable.TOO_MUCH)
        if _is_busy(event) and not _is_ours(event, host):
            start, end = _instant(event.start, zone), _instant(event.end, zone)
            if start < end:
                yield start, end


def _is_busy(event: Any) -> bool:
    said = {name: str(event.get(name, "")).upper() for name in ("STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS")}
    if said["STATUS"] == "CANCELLED" or said["TRANSP"] == "TRANSPARENT":
        return False
    return said["X-MICROSOFT-CDO-BUSYSTATUS"] not in _NOT_BUSY


def _is_ours(event: Any, host: str) -> bool:
    uid = str(event.get("UID", ""))
    return uid.startswith("apt_") and uid.endswith(f"@{host}")


def _stated(calendar: Any, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Busy times of a calendar that is published without its events (VFREEBUSY)."""
    for stated in calendar.walk("VFREEBUSY"):
        lines = stated.get("FREEBUSY", [])
        for line in lines if isinstance(lines, list) else [lines]:
            if str(line.params.get("FBTYPE", "BUSY")).upper() == "FREE":
                continue
            first, last = line.dt
            start = _instant(first, zone)
            yield start, start + last if isinstance(last, timedelta) else _instant(last, zone)


def _instant(moment: datetime | date, zone: ZoneInfo) -> datetime:
    """Days, and times without a zone, are the provider's."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _joined(found: Sequence[tuple[datetime, datetime]]) -> list[Interval]:
    joined: list[Interval] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1].end:
            joined[-1] = Interval(start=joined[-1].start, end=max(joined[-1].end, end))
        else:
            joined.append(Interval(start=start, end=end))
    return joined
