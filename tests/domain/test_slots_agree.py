"""Slots agree with an engine that steps through a table of minutes, over every change of the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.availability import parse_availability
from domain.hours import clock
from domain.openings import covers
from domain.slots import Interval, SlotRules, generate_slots, is_offered, peak_overlap
from tests.domain.brute_force import ZONES, Minutes, clock_changes
from tests.domain.calendars import EVERY_DAY, MINUTE, document_on, every_day, rules

CHANGES = [(zone, day) for zone in ZONES for day in clock_changes(zone)]
_days = st.tuples(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2030, 12, 31)))
_minutes = st.integers(0, 96).map(lambda quarter: quarter * 15) | st.integers(0, 1440)
Calendar = tuple[dict[str, Any], list[date], date]


def midnight_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A document, the practice's holidays, and a day to look at."""
    zone, day = draw(st.sampled_from(CHANGES) | _days)
    near = st.integers(-3, 3).map(lambda offset: day + timedelta(days=offset))

    def spans() -> list[tuple[str, str]]:
        edges = draw(st.lists(_minutes, max_size=6, unique=True).map(sorted))
        edges += [edge for edge in draw(st.sampled_from([[], [1440]])) if edge not in edges]
        edges = [0, *edges] if draw(st.booleans()) and 0 not in edges else edges
        return [(clock(start), clock(end)) for start, end in zip(edges[::2], edges[1::2], strict=False)]

    overrides = [
        {"date": one.isoformat(), "intervals": [{"start": start, "end": end} for start, end in spans()]}
        for one in draw(st.lists(near, max_size=2, unique=True))
    ]
    stretches = [sorted(draw(st.tuples(near, near))) for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])))]
    time_off = [{"first_day": first.isoformat(), "last_day": last.isoformat()} for first, last in stretches]
    holidays = draw(st.lists(near, max_size=2, unique=True))
    open_on = draw(st.lists(st.sampled_from(holidays), unique=True)) if holidays else []
    document = document_on(zone, {weekday: spans() for weekday in EVERY_DAY}, overrides)
    document |= {"time_off": time_off, "open_on_holidays": [one.isoformat() for one in open_on]}
    return document, holidays, day


@settings(max_examples=120, deadline=None)
@given(calendars(), st.data())
def test_slots_agree_with_an_engine_that_steps_through_the_minutes(calendar: Calendar, data: st.DataObject) -> None:
    document, holidays, day = calendar
    availability = replace(parse_availability(document), holidays=frozenset(holidays))
    midnight = midnight_of(day)
    minutes = Minutes(document, day, holidays)
    assume(not minutes.opened_before_the_table)
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
    today = now.astimezone(ZoneInfo(document["timezone"])).date()
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
    for one in busy:
        assert covers(availability, one.start, one.end) == minutes.covers(one.start, one.end)


def shapes(zone: str, day: date) -> list[tuple[dict[str, Any], list[date], SlotRules]]:
    """Calendars that a change of the clock on `day` can hurt: by day, over the night, over midnight, all day long."""
    before, after, later = ((day + timedelta(days=offset)).isoformat() for offset in (-4, -1, 2))
    off = {"time_off": [{"first_day": before, "last_day": before}, {"first_day": later, "last_day": later}]}
    office = document_on(zone, every_day(("09:00", "12:00"), ("13:00", "17:00")))
    nights = document_on(zone, every_day(("00:00", "06:30"), ("21:15", "24:00")))
    slivers = document_on(
        zone, every_day(("00:00", "00:40"), ("00:45", "01:15"), ("01:30", "02:30"), ("02:30", "03:10"))
    )
    always = document_on(zone, every_day(("00:00", "24:00"))) | off
    override = {"date": after, "intervals": [{"start": "23:30", "end": "24:00"}]}
    dated = document_on(zone, every_day(("00:15", "04:00")), [override]) | {"open_on_holidays": [day.isoformat()]}
    return [
        (office, [], rules()),
        (nights, [], rules(appointment_minutes=50, slot_step_minutes=45)),
        (slivers, [], rules(appointment_minutes=10, slot_step_minutes=10, buffer_minutes=5)),
        (always, [], rules(appointment_minutes=90, slot_step_minutes=35)),
        (document_on(zone, every_day(("00:00", "24:00"))), [day - timedelta(days=4)], rules(slot_step_minutes=35)),
        (dated, [day, day + timedelta(days=1)], rules(appointment_minutes=30, slot_step_minutes=30)),
    ]


def test_the_zones_change_in_every_way_that_hurts() -> None:
    assert len(ZONES) >= 25
    assert len(CHANGES) >= 250
    assert {day.year for _, day in CHANGES} == {2026, 2027, 2028, 2029, 2030}


@pytest.mark.parametrize("zone", [zone for zone in ZONES if clock_changes(zone)])
def test_over_every_clock_change_slots_agree(zone: str) -> None:
    for day in clock_changes(zone):
        now = midnight_of(day) - timedelta(days=2)
        end = midnight_of(day) + timedelta(days=2)
        for document, holidays, some_rules in shapes(zone, day):
            availability = replace(parse_availability(document), holidays=frozenset(holidays))
            minutes = Minutes(document, day, holidays)
            expected = minutes.slots(some_rules, (), now, end, now, now.astimezone(ZoneInfo(zone)).date())
            slots = generate_slots(availability, some_rules, (), now, end, now)
            assert {slot.starts_at: slot.free for slot in slots} == expected, (day, document)
            assert slots


@pytest.mark.parametrize("zone", ZONES)
def test_over_every_clock_change_nine_to_five_gives_eight_slots_a_day(zone: str) -> None:
    office = parse_availability(document_on(zone, every_day(("09:00", "17:00"))))
    for day in clock_changes(zone) or (date(2026, 3, 8),):
        now = midnight_of(day) - timedelta(days=3)
        local = [
            slot.starts_at.astimezone(ZoneInfo(zone))
            for slot in generate_slots(office, rules(), (), now, now + timedelta(days=6), now)
        ]
        assert {moment.hour for moment in local} == set(range(9, 17))
        assert len({moment.date() for moment in local}) in (6, 7)
