"""Holding a time longer: once, within the hour that the checkout outlives its hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Conflict, ValidationFailed
from domain.holds import CHECKOUT_OUTLIVES_HOLD, LONGEST_EXTENSION, LONGEST_HOLD, Held, extend_decision
from domain.policy import checked_settings
from domain.states import AppointmentStatus
from tests.domain.calendars import at

NOW = at("2026-12-07T10:00")
HOLD = timedelta(minutes=30)
HELD = Held(
    status=AppointmentStatus.PENDING,
    expires_at=NOW + timedelta(minutes=5),
    extended=False,
    payable=True,
    given_up=False,
    starts_at=NOW + timedelta(days=3),
)


def test_a_hold_is_made_longer_by_its_own_length_and_half_an_hour_at_most() -> None:
    for minutes, more in ((10, 10), (30, 30), (240, 30)):
        decision = extend_decision(HELD, hold=timedelta(minutes=minutes), now=NOW)
        assert (decision.allowed, decision.until) == (True, NOW + timedelta(minutes=5 + more))


@pytest.mark.parametrize(
    "change",
    [
        {"status": AppointmentStatus.BOOKED},
        {"status": AppointmentStatus.CANCELLED},
        {"expires_at": None},
        {"expires_at": NOW},
        {"extended": True},
        {"payable": False},
        {"given_up": True},
        {"starts_at": NOW + timedelta(minutes=5)},
    ],
)
def test_what_is_over_paid_given_up_or_longer_already_stays(change: dict[str, object]) -> None:
    decision = extend_decision(replace(HELD, **change), hold=HOLD, now=NOW)  # type: ignore[arg-type]
    assert isinstance(decision.refusal, Conflict)
    assert decision.until is None


def test_a_hold_of_a_day_is_long_enough() -> None:
    assert not extend_decision(HELD, hold=timedelta(hours=24), now=NOW).allowed


def test_the_longest_hold_of_the_settings_fits_into_a_checkout_of_a_day() -> None:
    longest = LONGEST_HOLD // timedelta(minutes=1)
    assert checked_settings({"hold_minutes": longest})["hold_minutes"] == longest
    with pytest.raises(ValidationFailed):
        checked_settings({"hold_minutes": longest + 1})
    # An hour is left for clocks that differ.
    assert timedelta(minutes=longest) + CHECKOUT_OUTLIVES_HOLD == timedelta(hours=23)


@given(st.integers(1, 1440), st.integers(1, 200), st.integers(1, 3000))
def test_whoever_has_more_time_can_pay_until_then(hold: int, left: int, ahead: int) -> None:
    """The checkout's own end lies an hour beyond the first hold, and half an hour of that at least is never used."""
    expires_at = NOW + timedelta(minutes=left)
    held = replace(HELD, expires_at=expires_at, starts_at=NOW + timedelta(minutes=ahead))
    decision = extend_decision(held, hold=timedelta(minutes=hold), now=NOW)
    if decision.until is not None:
        assert expires_at < decision.until <= held.starts_at
        assert decision.until + timedelta(minutes=30) <= expires_at + CHECKOUT_OUTLIVES_HOLD
        assert decision.until - expires_at <= LONGEST_EXTENSION
