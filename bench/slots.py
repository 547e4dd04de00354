"""How long finding slots takes, and how it grows with days and appointments, beside a bare pass over integers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.floors.slots import free_starts
from bench.lines import Line, median
from domain.availability import parse_availability
from domain.hours import Availability
from domain.slots import Interval, SlotRules, generate_slots

_NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)  # the weeks after it hold a change of the clock
_LENGTH, _STEP, _CAPACITY, _PER_DAY = 50, 10, 3, 480
_LIMIT_MS = 10


@dataclass(frozen=True, kw_only=True)
class Load:
    days: int
    appointments: int


# The first is what is required; the others double one of the two.
_LOADS = (
    Load(days=60, appointments=2000),
    Load(days=120, appointments=2000),
    Load(days=60, appointments=4000),
    Load(days=60, appointments=0),
)


async def measure(rounds: int) -> list[Line]:
    return [_line(load, rounds) for load in _LOADS]


def _line(load: Load, rounds: int) -> Line:
    busy = [Interval(start=start, end=start + timedelta(minutes=_LENGTH)) for start in _starts(load)]
    availability, rules = _availability(), _rules(load)
    end = _NOW + timedelta(days=load.days)
    minutes = [(_minute(one.start), _minute(one.end)) for one in busy]
    found = len(generate_slots(availability, rules, busy, _NOW, end, _NOW))

    def ours() -> None:
        generate_slots(availability, rules, busy, _NOW, end, _NOW)

    def floor() -> None:
        grid = (day * 1440 + minute for day in range(load.days) for minute in range(540, 540 + _PER_DAY, _STEP))
        free_starts(minutes, grid, _LENGTH, _CAPACITY)

    turns = [(_milliseconds(ours), _milliseconds(floor)) for _ in range(rounds + 1)][1:]
    return Line(
        name=f"slots of {load.days} days with {load.appointments:,} appointments",
        figure=median(one for one, _ in turns),
        floor=median(one for _, one in turns),
        unit="ms",
        limit=_LIMIT_MS if load is _LOADS[0] else None,
        note=f"{found:,} slots found",
    )


def _starts(load: Load) -> list[datetime]:
    """Spread evenly over days and hours, on the grid's minutes."""
    begin = _NOW.replace(hour=14, minute=0)
    return [
        begin + timedelta(days=n % load.days, minutes=_STEP * (n * 7 % (_PER_DAY // _STEP)))
        for n in range(load.appointments)
    ]


def _availability() -> Availability:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    weekly = [{"weekday": day, "start": "09:00", "end": "17:00"} for day in days]
    return parse_availability({"timezone": "America/New_York", "weekly": weekly, "overrides": []})


def _rules(load: Load) -> SlotRules:
    return SlotRules(
        appointment_minutes=_LENGTH,
        slot_step_minutes=_STEP,
        buffer_minutes=10,
        capacity=_CAPACITY,
        min_notice_minutes=60,
        horizon_days=load.days,
    )


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _milliseconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
