"""Slots agree with an engine that steps through a table of minutes, over every change of the clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.availability import Availability, clock
from domain.slots import Interval, SlotRules, generate_slots, is_offered, peak_overlap
from tests.domain.calendars import EVERY_DAY, MINUTE, every_day, open_on, rules

ZONES = [
    "America/New_York",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # half an hour
    "America/Nuuk",  # the hour before midnight is skipped
    "Asia/Beirut",  # the hour after midnight is skipped
    "Africa/Cairo",
    "America/Santiago",  # from midnight back to 23:00
    "America/Havana",
    "Pacific/Chatham",
]


class Minutes:
    """Every UTC minute of some days around `middle` with its wall clock, and whether the provider is open."""

    def __init__(self, availability: Availability, middle: date) -> None:
        zone = ZoneInfo(availability.timezone)
        first = datetime(middle.year, middle.month, middle.day, tzinfo=UTC) - timedelta(days=9)
        self.instants = [first + index * MINUTE for index in range(14 * 1440)]
        self.walls = [instant.astimezone(zone).replace(tzinfo=None) for instant in self.instants]
        self.first_seen: dict[datetime, int] = {}
        for index, wall in enumerate(self.walls):
            self.first_seen.setdefault(wall, index)
        self.open = [False] * len(self.instants)
        for offset in range(-8, 4):
            day = middle + timedelta(days=offset)
            midnight = datetime(day.year, day.month, day.day)
            for interval in availability.on(day):
                start, end = (self.find(midnight + one * MINUTE) for one in (interval.start, interval.end))
                self.open[start:end] = [True] * max(0, end - start)

    def find(self, wall: datetime) -> int:
        if wall in self.first_seen:
            return self.first_seen[wall]
        after = next(index for index, seen in enumerate(self.walls) if seen > wall)
        gap = self.walls[after] - self.walls[after - 1] - MINUTE
        return self.first_seen[wall + gap]

    def slots(
        self,
        some_rules: SlotRules,
        busy: Sequence[Interval],
        start: datetime,
        end: datetime,
        now: datetime,
        today: date,
    ) -> dict[datetime, int]:
        """Start and free places of every slot, the full ones included."""
        found: dict[datetime, int] = {}
        opened = 0
        for index, instant in enumerate(self.instants):
            if not self.open[index]:
                continue
            if index == 0 or not self.open[index - 1]:
                opened = index
            on_grid = (index - opened) % some_rules.slot_step_minutes == 0
            inside = all(self.open[index : index + some_rules.appointment_minutes])
            notice = instant - now >= some_rules.min_notice_minutes * MINUTE
            horizon = (self.walls[index].date() - today).days <= some_rules.horizon_days
            if on_grid and inside and notice and horizon and start <= instant < end:
                found[instant] = max(0, some_rules.capacity - self._peak(some_rules, busy, instant))
        return found

    def _peak(self, some_rules: SlotRules, busy: Sequence[Interval], start: datetime) -> int:
        taken = range(some_rules.appointment_minutes + some_rules.buffer_minutes)
        buffer = some_rules.buffer_minutes * MINUTE
        moments = [start + index * MINUTE for index in taken]
        return max(sum(one.start <= moment < one.end + buffer for one in busy) for moment in moments)


def clock_changes() -> list[tuple[str, date]]:
    """Every change of the clock from 2026 to 2030 in the zones."""
    changes = []
    for name in ZONES:
        zone = ZoneInfo(name)
        noons = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=index) for index in range(5 * 365)]
        for before, after in pairwise(noons):
            if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
                changes.append((name, after.date()))
    return changes


CHANGES = clock_changes()
_days = st.tuples(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2030, 12, 31)))
_minutes = st.integers(0, 96).map(lambda quarter: quarter * 15) | st.integers(0, 1440)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Availability, date]:
    zone, day = draw(st.sampled_from(CHANGES) | _days)

    def spans() -> list[tuple[str, str]]:
        edges = draw(st.lists(_minutes, max_size=6, unique=True).map(sorted))
        edges += [edge for edge in draw(st.sampled_from([[], [1440]])) if edge not in edges]
        edges = [0, *edges] if draw(st.booleans()) and 0 not in edges else edges
        return [(clock(start), clock(end)) for start, end in zip(edges[::2], edges[1::2], strict=False)]

    overrides = [
        {
            "date": (day + timedelta(days=offset)).isoformat(),
            "intervals": [{"start": start, "end": end} for start, end in spans()],
        }
        for offset in draw(st.lists(st.integers(-2, 2), max_size=2, unique=True))
    ]
    return open_on(zone, {weekday: spans() for weekday in EVERY_DAY}, overrides), day


@settings(max_examples=60, deadline=None)
@given(calendars(), st.data())
def test_slots_agree_with_an_engine_that_steps_through_the_minutes(
    calendar: tuple[Availability, date], data: st.DataObject
) -> None:
    availability, day = calendar
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = Minutes(availability, day)
    # An opening that began before the table did is beyond this engine.
    assume(not all(minutes.open[2 * 1440 : 8 * 1440]))
    offsets = st.integers(-1440, 2 * 1440)
    now = midnight + data.draw(offsets, label="now") * MINUTE
    window = sorted(midnight + data.draw(offsets, label="window") * MINUTE for _ in range(2))
    lengths = st.integers(5, 180)
    busy = [
        Interval(start=(start := midnight + data.draw(offsets) * MINUTE), end=start + data.draw(lengths) * MINUTE)
        for _ in range(data.draw(st.integers(0, 6)))
    ]
    some_rules = SlotRules(
        appointment_minutes=data.draw(lengths, label="length"),
        slot_step_minutes=data.draw(st.sampled_from([5, 15, 45, 60, 90]), label="step"),
        buffer_minutes=data.draw(st.sampled_from([0, 7, 30]), label="buffer"),
        capacity=data.draw(st.integers(1, 3), label="capacity"),
        min_notice_minutes=data.draw(st.sampled_from([0, 1, 600]), label="notice"),
        horizon_days=data.draw(st.integers(1, 2), label="horizon"),
    )
    today = now.astimezone(ZoneInfo(availability.timezone)).date()
    expected = minutes.slots(some_rules, busy, window[0], window[1], now, today)
    slots = generate_slots(availability, some_rules, busy, window[0], window[1], now, include_full=True)
    assert {slot.starts_at: slot.free for slot in slots} == expected
    assert generate_slots(availability, some_rules, busy, window[0], window[1], now) == [
        one for one in slots if one.free
    ]
    length = some_rules.appointment_minutes * MINUTE
    for slot in slots:
        assert slot.ends_at - slot.starts_at == length
        assert is_offered(availability, some_rules, slot.starts_at, now)
        assert (
            max(0, some_rules.capacity - peak_overlap(busy, slot.starts_at, slot.ends_at, some_rules.buffer))
            == slot.free
        )
    for probe in (window[0], window[0] + 1 * MINUTE, midnight):
        if window[0] <= probe < window[1]:
            assert is_offered(availability, some_rules, probe, now) == (probe in expected)


@pytest.mark.parametrize("zone", ZONES)
def test_over_every_clock_change_nine_to_five_gives_eight_slots_a_day(zone: str) -> None:
    office = open_on(zone, every_day(("09:00", "17:00")))
    for name, day in CHANGES:
        if name == zone:
            now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=3)
            local = [
                slot.starts_at.astimezone(ZoneInfo(zone))
                for slot in generate_slots(office, rules(), (), now, now + timedelta(days=6), now)
            ]
            assert {moment.hour for moment in local} == set(range(9, 17))
            assert len({moment.date() for moment in local}) in (6, 7)
