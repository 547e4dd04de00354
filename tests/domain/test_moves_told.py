"""When a move is told: after the grace, unless the time that is known or the new one is near."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.cadence import move_told_at

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)
GRACE = timedelta(minutes=3)


@pytest.mark.parametrize(
    ("known_in", "starts_in", "told_in"),
    [
        (timedelta(days=2), timedelta(days=3), GRACE),
        (timedelta(minutes=61), timedelta(minutes=61), GRACE),
        (timedelta(hours=1), timedelta(days=3), timedelta()),
        (timedelta(days=3), timedelta(hours=1), timedelta()),
        (timedelta(minutes=-5), timedelta(days=3), timedelta()),
    ],
)
def test_a_move_waits_for_others_unless_it_is_urgent(
    known_in: timedelta, starts_in: timedelta, told_in: timedelta
) -> None:
    assert move_told_at(NOW, GRACE, NOW + known_in, NOW + starts_in) == NOW + told_in
