"""Which times can be booked: one pure function from openings, rules and taken time to slots."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import accumulate

from domain.hours import Availability
from domain.openings import MINUTE, Stretch, moment_of, openings, ticks

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class SlotRules:
    """The part of the portal settings that shapes slots; `capacity` is *max simultaneous appointments*."""

    appointment_minutes: int
    slot_step_minutes: int
    buffer_minutes: int
    capacity: int
    min_notice_minutes: int
    horizon_days: int

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.appointment_minutes)

    def lasting(self, length: timedelta) -> SlotRules:
        """For an appointment that has a length already."""
        return replace(self, appointment_minutes=length // timedelta(minutes=1))

    @property
    def buffer(self) -> timedelta:
        return timedelta(minutes=self.buffer_minutes)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Taken time, from `start` up to but not including `end`; aware datetimes of any zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A time on offer, in UTC; `free` is how many more appointments fit into it."""

    starts_at: datetime
    ends_at: datetime
    free: int


def generate_slots(
    availability: Availability,
    rules: SlotRules,
    busy: Sequence[Interval],
    window_start: datetime,
    window_end: datetime,
    now: datetime,
    *,
    elsewhere: Sequence[Interval] = (),
    include_full: bool = False,
) -> list[Slot]:
    """The slots that start in [window_start, window_end), ascending; full ones only with `include_full`.

    A slot lies wholly inside an opening, on the grid that begins with the opening and advances in real time by
    `slot_step_minutes`, whatever is booked. It is offered from `min_notice_minutes` ahead up to and including the local
    day `horizon_days` after today, and only where the provider isn't busy `elsewhere` (in other calendars): neither
    during the appointment nor in the buffer after it. `busy` and `elsewhere` must hold everything that overlaps the
    window widened by the appointment's length and the buffer.
    """
    earliest = max(ticks(window_start), ticks(now) + rules.min_notice_minutes * MINUTE)
    last_day = last_offered_day(availability, rules, now)
    latest = min(ticks(window_end), _end_of_day(last_day, availability))
    if earliest >= latest:
        return []
    load, away = _Load(busy, rules.buffer), _Load(elsewhere, timedelta())
    length, occupied = rules.appointment_minutes * MINUTE, (rules.appointment_minutes + rules.buffer_minutes) * MINUTE
    slots: list[Slot] = []
    for tick in _grid(availability, rules, earliest, latest):
        if away.peak(tick, tick + occupied):
            continue
        free = max(0, rules.capacity - load.peak(tick, tick + occupied))
        if free or include_full:
            slots.append(Slot(starts_at=moment_of(tick), ends_at=moment_of(tick + length), free=free))
    return slots


def is_offered(
    availability: Availability,
    rules: SlotRules,
    start: datetime,
    now: datetime,
    elsewhere: Sequence[Interval] = (),
) -> bool:
    """Whether a slot starts at `start`, booked or not: on the grid, inside an opening, within notice and horizon.

    And not while the provider is busy `elsewhere`.
    """
    tick = ticks(start)
    if tick < ticks(now) + rules.min_notice_minutes * MINUTE:
        return False
    if tick >= _end_of_day(last_offered_day(availability, rules, now), availability):
        return False
    return is_open_slot(availability, rules, start, elsewhere)


def is_open_slot(
    availability: Availability, rules: SlotRules, start: datetime, elsewhere: Sequence[Interval] = ()
) -> bool:
    """Whether the hours have a slot there, however near or far: on the grid, inside an opening, nobody `elsewhere`."""
    if peak_overlap(elsewhere, start, start + rules.length + rules.buffer, timedelta()):
        return False
    tick = ticks(start)
    return tick in _grid(availability, rules, tick, tick + 1)


def peak_overlap(busy: Sequence[Interval], start: datetime, end: datetime, buffer: timedelta) -> int:
    """How many of `busy` run at the same time, at most, at any moment that an appointment from `start` to `end` takes.

    Every appointment also takes the `buffer` after it, so that between two of them it is free once.
    """
    return _Load(busy, buffer).peak(ticks(start), ticks(end + buffer))


def nearest(slots: Sequence[Slot], wanted: datetime, count: int) -> list[Slot]:
    """Of the slots those that begin nearest to `wanted`, by start; of two that are as near, the later one."""
    by_distance = sorted(slots, key=lambda one: (abs(ticks(one.starts_at) - ticks(wanted)), -ticks(one.starts_at)))
    return sorted(by_distance[:count], key=lambda one: one.starts_at)


def last_offered_day(availability: Availability, rules: SlotRules, now: datetime) -> date:
    """The local date that the horizon ends with; the whole of it counts."""
    return now.astimezone(availability.zone).date() + rules.horizon_days * _DAY


def _end_of_day(day: date, availability: Availability) -> int:
    return ticks(datetime.combine(day + _DAY, datetime.min.time(), tzinfo=availability.zone))


def _grid(availability: Availability, rules: SlotRules, earliest: int, latest: int) -> Iterator[int]:
    """Every start from `earliest` up to but not including `latest`."""
    length, step = rules.appointment_minutes * MINUTE, rules.slot_step_minutes * MINUTE
    for start, end in _openings_between(availability, earliest, latest + length):
        first = start + max(0, -(-(earliest - start) // step)) * step
        yield from range(first, min(latest - 1, end - length) + 1, step)


def _openings_between(availability: Availability, start: int, end: int) -> list[Stretch]:
    first, last = (moment_of(tick).astimezone(availability.zone).date() for tick in (start, end))
    return openings(availability, first, last)


class _Load:
    """How many appointments run at each moment, buffers included, as steps over time."""

    def __init__(self, busy: Sequence[Interval], buffer: timedelta) -> None:
        extra = buffer // timedelta(microseconds=1)
        changes: dict[int, int] = {}
        for interval in busy:
            start, end = ticks(interval.start), ticks(interval.end) + extra
            changes[start] = changes.get(start, 0) + 1
            changes[end] = changes.get(end, 0) - 1
        self._times = sorted(changes)
        self._counts = list(accumulate((changes[time] for time in self._times), initial=0))

    def peak(self, start: int, end: int) -> int:
        """The highest count within [start, end)."""
        # counts[i] holds up to times[i]: the first that matters is the one in force at `start`.
        first = bisect_right(self._times, start)
        last = bisect_left(self._times, end, lo=first)
        return max(self._counts[first : last + 1])
