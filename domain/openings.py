"""Openings as real time: wall-clock hours turned into stretches of microseconds since 1970, joined where they touch."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from domain.hours import MINUTES_A_DAY, Availability

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000  # in microseconds

# Where the grid of a calendar that never closes starts: its opening has no beginning of its own.
_NO_BEGINNING = date(2000, 1, 1)
_DAY = timedelta(days=1)

Stretch = tuple[int, int]


def ticks(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime: safe to compare and subtract, unlike times of one zone."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(tick: int) -> datetime:
    """The UTC datetime of a tick."""
    return EPOCH + timedelta(microseconds=tick)


def local_ticks(availability: Availability, day: date, minutes: int) -> int:
    """The instant of a wall-clock time: missing ones move on by the gap, repeated ones are their first (PEP 495)."""
    if minutes == MINUTES_A_DAY:
        day, minutes = day + _DAY, 0
    return ticks(datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=availability.zone))


def openings(availability: Availability, first: date, last: date) -> list[Stretch]:
    """The openings that touch the local dates `first` to `last`, ascending.

    Openings that touch are one, over midnight too, and each begins where it really begins, however long before `first`
    that is. Those at the end may go on beyond `last`.
    """
    midnight = local_ticks(availability, first, 0)
    return [
        (_beginning(availability, first - _DAY) if start < midnight <= end else start, end)
        for start, end in _joined(availability, first - _DAY, last)
        if end >= midnight
    ]


def covers(availability: Availability, start: datetime, end: datetime) -> bool:
    """Whether the time lies wholly inside one opening."""
    first, last = (moment.astimezone(availability.zone).date() for moment in (start, end))
    return any(begins <= ticks(start) and ticks(end) <= ends for begins, ends in openings(availability, first, last))


def _joined(availability: Availability, first: date, last: date) -> list[Stretch]:
    single: list[Stretch] = []
    day = first
    while day <= last:
        for interval in availability.on(day):
            start = local_ticks(availability, day, interval.start)
            end = local_ticks(availability, day, interval.end)
            if start < end:  # an interval that lies within a gap of the clock can turn out empty
                single.append((start, end))
        day += _DAY
    single.sort()
    joined: list[Stretch] = []
    for start, end in single:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _beginning(availability: Availability, day: date) -> int:
    """Where the opening began that is open when `day` ends."""
    while True:
        if availability.open_all_week:
            closing = availability.last_closing(day)
            if closing is None:
                return local_ticks(availability, _NO_BEGINNING, 0)
            day = closing
        midnight, next_midnight = local_ticks(availability, day, 0), local_ticks(availability, day + _DAY, 0)
        # The day before belongs in: where the clock skips midnight, its last hours move on into this day.
        stretches = _joined(availability, day - _DAY, day)
        beginning = next((start for start, end in stretches if start < next_midnight <= end), next_midnight)
        if beginning >= midnight:
            return beginning
        day -= _DAY
