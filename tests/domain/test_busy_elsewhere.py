"""Busy times from calendars elsewhere: no slot is on them, the grid stays, and one decision says so everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.availability import parse_availability
from domain.busy_calendars import Unreadable, is_old, is_told
from domain.slots import Interval, generate_slots, is_offered
from tests.domain.calendars import EVERY_DAY, document_on, rules

NOW = datetime(2026, 10, 31, 12, tzinfo=UTC)
OPEN = parse_availability(document_on("America/New_York", {one: [("00:00", "06:00")] for one in EVERY_DAY}, []))
_spans = st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 300)), max_size=5)


@given(_spans, st.sampled_from([0, 10, 30]), st.integers(1, 3))
def test_a_slot_is_offered_unless_it_or_the_buffer_after_it_meets_a_busy_time(
    found: list[tuple[int, int]], buffer: int, capacity: int
) -> None:
    busy = [Interval(start=NOW + timedelta(minutes=at), end=NOW + timedelta(minutes=at + long)) for at, long in found]
    plan = rules(appointment_minutes=50, slot_step_minutes=30, buffer_minutes=buffer, capacity=capacity)
    window = (NOW, NOW + timedelta(days=3))
    all_of_them = generate_slots(OPEN, plan, [], *window, NOW)
    assert len(all_of_them) > 10
    left = {one.starts_at for one in generate_slots(OPEN, plan, [], *window, NOW, elsewhere=busy)}
    for slot in all_of_them:
        until = slot.ends_at + timedelta(minutes=buffer)
        free = not any(one.start < until and one.end > slot.starts_at for one in busy)
        assert (slot.starts_at in left) == free
        assert is_offered(OPEN, plan, slot.starts_at, NOW, busy) == free


def test_what_wont_pass_by_itself_is_told_at_once_and_weather_when_it_lasts() -> None:
    later = NOW + timedelta(hours=2)
    assert is_told(Unreadable.NOT_FOUND, NOW, NOW)
    assert not is_told(Unreadable.NO_ANSWER, NOW, later - timedelta(minutes=1))
    assert is_told(Unreadable.NO_ANSWER, NOW, later)
    assert is_old(NOW, NOW + timedelta(hours=24))
    assert not is_old(NOW, later)
