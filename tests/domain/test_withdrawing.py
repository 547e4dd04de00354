"""When the practice can end a client's way, and what that calls off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.stages import Stage
from domain.states import AppointmentStatus
from domain.withdrawing import Visit, withdraw_decision

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
AHEAD = Visit(
    appointment_id="apt_1", status=AppointmentStatus.BOOKED, starts_at=NOW + timedelta(days=1), choose_until=None
)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
def test_at_every_stage_until_the_first_visit_begins(stage: Stage) -> None:
    decision = withdraw_decision(stage, [AHEAD], NOW)
    assert (decision.refusal, decision.calls_off) == (None, ("apt_1",))
    assert withdraw_decision(stage, [], NOW).refusal is None


def test_what_is_held_booked_or_paid_for_is_called_off_and_what_is_over_isnt() -> None:
    visits = [
        replace(AHEAD, appointment_id="held", status=AppointmentStatus.PENDING, starts_at=NOW - timedelta(minutes=1)),
        replace(AHEAD, appointment_id="gone", status=AppointmentStatus.CANCELLED),
        replace(AHEAD, appointment_id="paid", status=AppointmentStatus.CANCELLED, choose_until=NOW + timedelta(days=1)),
        AHEAD,
    ]
    assert withdraw_decision(Stage.READY, visits, NOW).calls_off == ("held", "paid", "apt_1")


@pytest.mark.parametrize("status", [AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW, AppointmentStatus.BOOKED])
def test_whoever_has_been_here_isnt_on_their_way_any_more(status: AppointmentStatus) -> None:
    been = replace(AHEAD, status=status, starts_at=NOW)
    assert withdraw_decision(Stage.BOOKED, [been, AHEAD], NOW).refusal is not None


def test_a_closed_way_is_closed() -> None:
    assert withdraw_decision(Stage.CLOSED, [], NOW).refusal is not None
