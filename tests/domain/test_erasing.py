"""When a client can be erased, and whose name has to be typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.erasing import Obstacle, Standing, confirmed_by, in_the_way
from domain.states import AppointmentStatus, PaymentState

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
KEPT = Standing(
    appointment_id="apt_1",
    status=AppointmentStatus.FULFILLED,
    ends_at=NOW - timedelta(days=1),
    choose_until=None,
    payments=((PaymentState.CAPTURED, True),),
)


def obstacles(one: Standing) -> list[Obstacle]:
    return [found.obstacle for found in in_the_way([one], NOW)]


@pytest.mark.parametrize("status", [AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW, AppointmentStatus.CANCELLED])
def test_what_is_over_and_paid_stands_in_nobodys_way(status: AppointmentStatus) -> None:
    assert obstacles(replace(KEPT, status=status)) == []
    ahead = NOW + timedelta(days=1)
    assert obstacles(replace(KEPT, status=AppointmentStatus.CANCELLED, ends_at=ahead)) == []


def test_an_appointment_ahead_has_to_be_cancelled_first() -> None:
    booked = replace(KEPT, status=AppointmentStatus.BOOKED)
    assert obstacles(replace(booked, ends_at=NOW + timedelta(minutes=1))) == [Obstacle.APPOINTMENT_AHEAD]
    assert obstacles(booked) == [], "over, and only not noted as kept yet"
    assert obstacles(replace(KEPT, status=AppointmentStatus.PENDING)) == [Obstacle.APPOINTMENT_AHEAD]


@pytest.mark.parametrize(
    ("state", "checkout", "expected"),
    [
        (PaymentState.AUTHORIZED, True, True),
        (PaymentState.REQUESTED, True, True),
        (PaymentState.REQUESTED, False, False),  # its checkout couldn't be opened, and won't be any more
        (PaymentState.REFUNDED, True, False),
        (PaymentState.VOIDED, True, False),
        (PaymentState.EXPIRED, True, False),
    ],
)
def test_a_fee_under_way_comes_to_its_end_first(state: PaymentState, checkout: bool, expected: bool) -> None:
    gone = replace(KEPT, status=AppointmentStatus.CANCELLED, payments=((state, checkout),))
    assert (obstacles(gone) == [Obstacle.FEE_UNDER_WAY]) is expected


def test_money_that_is_owed_stands_in_the_way() -> None:
    cancelled = replace(KEPT, status=AppointmentStatus.CANCELLED)
    assert obstacles(replace(cancelled, refund_owed=True)) == [Obstacle.REFUND_UNDER_WAY]
    assert obstacles(replace(cancelled, choose_until=NOW + timedelta(days=2))) == [Obstacle.TIME_BEING_CHOSEN]


@pytest.mark.parametrize("typed", ["Ana  Müller", " ana müller ", "ANA MU\u0308LLER"])
def test_the_clients_own_name_confirms_whatever_its_case_and_blanks(typed: str) -> None:
    assert confirmed_by(typed, "Ana", "Müller")


@pytest.mark.parametrize("typed", ["", "  ", "Ana", "Müller Ana", "Ana Muller", "erase"])
def test_another_name_confirms_nothing(typed: str) -> None:
    assert not confirmed_by(typed, "Ana", "Müller")
