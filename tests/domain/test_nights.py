"""Nobody is reminded of an appointment at night, by their own clock, as long as the morning isn't too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadence import (
    QUIET_FROM,
    QUIET_UNTIL,
    next_reminder,
    quiet_until,
    reminder_ahead,
    reminder_not_after,
    reminder_waits_until,
)
from tests.domain.brute_force import ZONES


@pytest.mark.parametrize(
    ("local", "morning"),
    [
        ("2026-12-01T20:59", None),
        ("2026-12-01T21:00", "2026-12-02T08:00"),
        ("2026-12-02T00:00", "2026-12-02T08:00"),
        ("2026-12-02T07:59", "2026-12-02T08:00"),
        ("2026-12-02T08:00", None),
        # Nights of ten and of twelve hours.
        ("2026-03-07T22:00", "2026-03-08T08:00"),
        ("2026-10-31T22:00", "2026-11-01T08:00"),
    ],
)
def test_the_night_ends_at_eight_by_the_clients_clock(local: str, morning: str | None) -> None:
    there = ZoneInfo("America/New_York")
    found = quiet_until(datetime.fromisoformat(local).replace(tzinfo=there), str(there))
    assert found == (datetime.fromisoformat(morning).replace(tzinfo=there) if morning else None)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31)),
    st.lists(st.integers(1, 336), min_size=1, max_size=5),
    st.sampled_from(ZONES),
)
def test_a_reminder_goes_out_by_day_or_when_the_morning_is_too_late(at: datetime, hours: list[int], zone: str) -> None:
    starts_at = at.replace(tzinfo=UTC)
    for count in hours:
        due = starts_at - timedelta(hours=count)
        morning = reminder_waits_until(due, due, starts_at, zone)
        local = (morning or due).astimezone(ZoneInfo(zone)).time().replace(tzinfo=None)
        by_day = QUIET_UNTIL <= local < QUIET_FROM
        if morning is not None:
            assert by_day
            assert due < morning <= reminder_not_after(due, starts_at)
            # Asked again then, it goes out: the morning isn't night.
            assert reminder_waits_until(morning, due, starts_at, zone) is None
        elif not by_day:
            end = quiet_until(due, zone)
            assert end is not None
            assert end > reminder_not_after(due, starts_at)


def test_pages_say_when_a_reminder_really_comes() -> None:
    starts_at = datetime(2026, 12, 2, 14, tzinfo=UTC)  # 23:00 in Tokyo
    due = next_reminder(starts_at, [24], starts_at - timedelta(days=3))
    assert due == starts_at - timedelta(hours=24)
    morning = due + timedelta(hours=9)
    assert reminder_ahead(starts_at, [24], due - timedelta(hours=1), "Asia/Tokyo") == morning
    assert reminder_ahead(starts_at, [24], due + timedelta(hours=1), "Asia/Tokyo") == morning
    assert reminder_ahead(starts_at, [24], morning, "Asia/Tokyo") is None
    assert reminder_ahead(starts_at, [24], due - timedelta(hours=1), "America/New_York") == due
