"""Slots: the decided facts, one by one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.hours import Availability
from domain.slots import Interval, Slot, SlotRules, generate_slots, is_offered, nearest, peak_overlap
from tests.domain.calendars import EVERY_DAY, MINUTE, at, every_day, open_on, rules, starts

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
    late = open_on("America/New_York", every_day(("23:00", "24:00")))
    now = at("2026-12-01T04:30")  # still 30 November in New York
    slots = generate_slots(late, rules(horizon_days=2), (), now, now + timedelta(days=30), now)
    assert [slot.starts_at for slot in slots] == [at("2026-12-02T04:00"), at("2026-12-03T04:00")]


def test_a_missing_time_moves_on_by_the_gap_and_a_repeated_one_is_its_first() -> None:
    zone = "America/New_York"
    night = open_on(zone, every_day(("02:30", "05:00")))
    now = at("2026-03-08T00:00")
    assert starts(generate_slots(night, rules(), (), now, now + timedelta(days=1), now), zone) == ["Sun 03:30"]
    night = open_on(zone, every_day(("01:30", "03:00")))
    now = at("2026-11-01T02:00")
    slots = generate_slots(night, rules(), (), now, now + timedelta(hours=10), now)
    assert [slot.starts_at for slot in slots] == [at("2026-11-01T05:30"), at("2026-11-01T06:30")]
    assert starts(slots, zone) == ["Sun 01:30", "Sun 01:30"]


def test_elapsed_time_is_real_time() -> None:
    all_night = open_on("America/New_York", every_day(("00:00", "06:00")))
    spring, autumn = at("2026-03-08T04:00"), at("2026-11-01T03:00")
    for night, count in ((spring, 5), (autumn, 7)):
        assert len(generate_slots(all_night, rules(), (), night, night + timedelta(hours=12), night)) == count


def test_a_calendar_that_never_closes_has_one_grid_from_wherever_it_is_seen() -> None:
    always = open_on("Asia/Kolkata", every_day(("00:00", "24:00")))
    some_rules = rules(slot_step_minutes=35, appointment_minutes=1440)
    now = at("2026-03-01T00:00")
    whole = generate_slots(always, some_rules, (), now, now + timedelta(days=20), now)
    part = generate_slots(always, some_rules, (), now + timedelta(days=9), now + timedelta(days=11), now)
    assert len(part) > 70
    assert set(part) <= set(whole)


def test_an_override_long_ago_is_where_the_grid_begins() -> None:
    always = every_day(("00:00", "24:00"))
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
    availability = open_on("America/New_York", every_day(("09:00", "12:00"), ("13:00", "17:00"), days=EVERY_DAY[:5]))
    busy = [Interval(start=(one := MONDAY + 43 * index * MINUTE), end=one + 50 * MINUTE) for index in range(2000)]
    timings = []
    for _ in range(5):
        began = time.perf_counter()
        generate_slots(availability, rules(capacity=3), busy, MONDAY, MONDAY + timedelta(days=60), MONDAY)
        timings.append(time.perf_counter() - began)
    assert min(timings) < 0.05  # a few ms on an idle core; the benchmark measures it properly


def test_the_nearest_slots_are_those_that_begin_nearest_in_order() -> None:
    slots = on_monday(OFFICE, rules())
    assert starts(nearest(slots, at("2026-12-07T10:00"), 3)) == ["Mon 09:00", "Mon 10:00", "Mon 11:00"]
    assert starts(nearest(slots, at("2026-12-07T12:00"), 1)) == ["Mon 13:00"], "of two that are as near, the later"
    assert starts(nearest(slots, at("2026-12-05T00:00"), 2)) == ["Mon 09:00", "Mon 10:00"]
    assert nearest([], MONDAY, 3) == []
