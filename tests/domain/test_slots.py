"""Slots: the decided facts one by one, and agreement with an engine that steps through the minutes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.availability import WEEKDAYS, Availability, clock, parse_availability
from domain.slots import Interval, Slot, SlotRules, generate_slots, is_offered, peak_overlap

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
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rules(**changes: int) -> SlotRules:
    values = {
        "appointment_minutes": 50,
        "slot_step_minutes": 60,
        "buffer_minutes": 0,
        "capacity": 1,
        "min_notice_minutes": 0,
        "horizon_days": 90,
    }
    return SlotRules(**(values | changes))


def open_on(zone: str, hours: dict[str, Sequence[tuple[str, str]]], overrides: Sequence[Any] = ()) -> Availability:
    weekly = [
        {"weekday": weekday, "start": start, "end": end} for weekday, spans in hours.items() for start, end in spans
    ]
    return parse_availability({"timezone": zone, "weekly": weekly, "overrides": list(overrides)})


def starts(slots: list[Slot], zone: str = "UTC") -> list[str]:
    return [slot.starts_at.astimezone(ZoneInfo(zone)).strftime("%a %H:%M") for slot in slots]


EVERY_DAY = [str(weekday) for weekday in WEEKDAYS]
MONDAY = at("2026-12-07T00:00")
OFFICE = open_on("UTC", {"monday": [("09:00", "12:00"), ("13:00", "17:00")]})


def on_monday(
    availability: Availability, some_rules: SlotRules, busy: Sequence[Interval] = (), **kw: Any
) -> list[Slot]:
    return generate_slots(availability, some_rules, busy, MONDAY, MONDAY + timedelta(days=1), MONDAY, **kw)


def test_slots_lie_on_the_grid_of_each_opening_and_wholly_inside_it() -> None:
    assert starts(on_monday(OFFICE, rules(appointment_minutes=90, slot_step_minutes=45))) == [
        f"Mon {hour}" for hour in ("09:00", "09:45", "10:30", "13:00", "13:45", "14:30", "15:15")
    ]


def test_touching_openings_are_one_over_midnight_too() -> None:
    night = open_on("UTC", {"sunday": [("22:30", "24:00")], "monday": [("00:00", "01:00"), ("01:00", "02:00")]})
    slots = generate_slots(
        night, rules(), (), MONDAY - timedelta(days=1), MONDAY + timedelta(days=1), at("2026-12-01T00:00")
    )
    assert starts(slots) == ["Sun 22:30", "Sun 23:30", "Mon 00:30"]
    assert starts(on_monday(night, rules())) == ["Mon 00:30"]


def test_bookings_take_slots_away_and_do_not_shift_the_grid() -> None:
    busy = [Interval(start=at("2026-12-07T09:30"), end=at("2026-12-07T10:20"))]
    assert starts(on_monday(OFFICE, rules(), busy))[:2] == ["Mon 11:00", "Mon 13:00"]
    full = on_monday(OFFICE, rules(), busy, include_full=True)
    assert [slot.free for slot in full] == [0, 0, 1, 1, 1, 1, 1]


def test_the_buffer_is_free_once_between_two_appointments() -> None:
    busy = [Interval(start=at("2026-12-07T10:00"), end=at("2026-12-07T11:00"))]

    def offered(buffer: int) -> list[str]:
        return starts(on_monday(OFFICE, rules(slot_step_minutes=10, buffer_minutes=buffer), busy))

    assert offered(10)[:2] == ["Mon 09:00", "Mon 11:10"]
    assert offered(11)[:1] == ["Mon 13:00"]


def test_capacity_counts_the_peak_and_not_the_number_of_overlaps() -> None:
    one_after_the_other = [
        Interval(start=at("2026-12-07T09:00"), end=at("2026-12-07T09:25")),
        Interval(start=at("2026-12-07T09:25"), end=at("2026-12-07T09:50")),
    ]
    together = [one_after_the_other[0], Interval(start=at("2026-12-07T09:24"), end=at("2026-12-07T09:50"))]
    assert on_monday(OFFICE, rules(capacity=2), one_after_the_other)[0].free == 1
    assert on_monday(OFFICE, rules(capacity=2), together)[0].starts_at == at("2026-12-07T10:00")
    assert on_monday(OFFICE, rules(capacity=1), together, include_full=True)[0].free == 0


def test_appointments_that_touch_do_not_overlap() -> None:
    busy = [Interval(start=at("2026-12-07T08:00"), end=at("2026-12-07T09:00"))]
    assert peak_overlap(busy, at("2026-12-07T09:00"), at("2026-12-07T10:00"), timedelta()) == 0
    assert peak_overlap(busy, at("2026-12-07T09:00"), at("2026-12-07T10:00"), MINUTE) == 1
    assert peak_overlap(busy, at("2026-12-07T07:00"), at("2026-12-07T08:00"), MINUTE) == 1


def test_busy_time_may_come_in_any_zone() -> None:
    zone = ZoneInfo("America/New_York")
    # The repeated hour of 1 November 2026: compared on the wall clock, this interval would be empty.
    first = datetime(2026, 11, 1, 1, 30, tzinfo=zone)
    second = datetime(2026, 11, 1, 1, 10, tzinfo=zone, fold=1)
    busy = [Interval(start=first, end=second)]
    assert peak_overlap(busy, at("2026-11-01T05:40"), at("2026-11-01T05:50"), timedelta()) == 1


def test_a_slot_is_offered_exactly_at_the_end_of_the_notice() -> None:
    for minutes, first in ((9 * 60, "Mon 09:00"), (9 * 60 + 1, "Mon 10:00")):
        assert starts(on_monday(OFFICE, rules(min_notice_minutes=minutes)))[0] == first


def test_the_last_day_of_the_horizon_counts_whole() -> None:
    late = open_on("America/New_York", dict.fromkeys(EVERY_DAY, [("23:00", "24:00")]))
    now = at("2026-12-01T04:30")  # still 30 November in New York
    slots = generate_slots(late, rules(horizon_days=2), (), now, now + timedelta(days=30), now)
    assert [slot.starts_at for slot in slots] == [at("2026-12-02T04:00"), at("2026-12-03T04:00")]


def test_a_missing_time_moves_on_by_the_gap_and_a_repeated_one_is_its_first() -> None:
    zone = "America/New_York"
    night = open_on(zone, dict.fromkeys(EVERY_DAY, [("02:30", "05:00")]))
    now = at("2026-03-08T00:00")
    assert starts(generate_slots(night, rules(), (), now, now + timedelta(days=1), now), zone) == ["Sun 03:30"]
    night = open_on(zone, dict.fromkeys(EVERY_DAY, [("01:30", "03:00")]))
    now = at("2026-11-01T02:00")
    slots = generate_slots(night, rules(), (), now, now + timedelta(hours=10), now)
    assert [slot.starts_at for slot in slots] == [at("2026-11-01T05:30"), at("2026-11-01T06:30")]
    assert starts(slots, zone) == ["Sun 01:30", "Sun 01:30"]


def test_elapsed_time_is_real_time() -> None:
    all_night = open_on("America/New_York", dict.fromkeys(EVERY_DAY, [("00:00", "06:00")]))
    spring, autumn = at("2026-03-08T04:00"), at("2026-11-01T03:00")
    for night, count in ((spring, 5), (autumn, 7)):
        assert len(generate_slots(all_night, rules(), (), night, night + timedelta(hours=12), night)) == count


def test_a_calendar_that_never_closes_has_one_grid_from_wherever_it_is_seen() -> None:
    always = open_on("Asia/Kolkata", dict.fromkeys(EVERY_DAY, [("00:00", "24:00")]))
    some_rules = rules(slot_step_minutes=35, appointment_minutes=1440)
    now = at("2026-03-01T00:00")
    whole = generate_slots(always, some_rules, (), now, now + timedelta(days=20), now)
    part = generate_slots(always, some_rules, (), now + timedelta(days=9), now + timedelta(days=11), now)
    assert len(part) > 70
    assert set(part) <= set(whole)


def test_an_override_long_ago_is_where_the_grid_begins() -> None:
    always = dict.fromkeys(EVERY_DAY, [("00:00", "24:00")])
    spans = {"2026-01-05": ("00:07", "24:00"), "2025-01-01": ("00:00", "10:00")}
    overrides = [{"date": day, "intervals": [{"start": a, "end": b}]} for day, (a, b) in spans.items()]
    availability = open_on("UTC", always, overrides)
    assert is_offered(availability, rules(), at("2026-12-07T10:07"), MONDAY)
    assert not is_offered(availability, rules(), at("2026-12-07T10:00"), MONDAY)


def test_what_is_far_away_is_simply_not_offered() -> None:
    for far in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        assert not is_offered(OFFICE, rules(), far, MONDAY)
        assert generate_slots(OFFICE, rules(), (), far, far, MONDAY) == []


def test_sixty_days_with_two_thousand_appointments_take_a_few_milliseconds() -> None:
    availability = open_on("America/New_York", dict.fromkeys(EVERY_DAY[:5], [("09:00", "12:00"), ("13:00", "17:00")]))
    busy = [Interval(start=(one := MONDAY + 43 * index * MINUTE), end=one + 50 * MINUTE) for index in range(2000)]
    timings = []
    for _ in range(5):
        began = time.perf_counter()
        generate_slots(availability, rules(capacity=3), busy, MONDAY, MONDAY + timedelta(days=60), MONDAY)
        timings.append(time.perf_counter() - began)
    assert min(timings) < 0.05  # a few ms on an idle core; the benchmark measures it properly


# The brute-force engine: a table of minutes, in which everything is looked up.


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
        for before, after in zip(noons, noons[1:], strict=False):
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
    office = open_on(zone, dict.fromkeys(EVERY_DAY, [("09:00", "17:00")]))
    for name, day in CHANGES:
        if name == zone:
            now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=3)
            local = [
                slot.starts_at.astimezone(ZoneInfo(zone))
                for slot in generate_slots(office, rules(), (), now, now + timedelta(days=6), now)
            ]
            assert {moment.hour for moment in local} == set(range(9, 17))
            assert len({moment.date() for moment in local}) in (6, 7)
