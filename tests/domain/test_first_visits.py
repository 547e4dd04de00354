"""Which appointments came without a fee because of another one, when the first visit is the one that is paid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.first_visits import VisitOfTheirs, cover_refusal, resting_on
from domain.states import AppointmentStatus

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
BOOKED, KEPT = AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED


def visit(
    name: str, hours: int, status: AppointmentStatus = BOOKED, *, covered: bool = False, free: bool = False
) -> VisitOfTheirs:
    created = NOON + timedelta(hours=hours)
    return VisitOfTheirs(id=name, status=status, created_at=created, covered=covered, free=free)


PAID = visit("paid", 0)
SECOND, THIRD = visit("second", 1, covered=True), visit("third", 2, covered=True)


def names(appointment_id: str, *visits: VisitOfTheirs) -> list[str]:
    return [one.id for one in resting_on(appointment_id, visits)]


def test_what_was_free_because_of_the_first_visit_rests_on_it() -> None:
    assert names("paid", PAID, SECOND) == ["second"]
    assert names("second", PAID, SECOND) == []


def test_of_several_the_later_ones_rest_on_whatever_was_booked_before_them() -> None:
    """The third is covered by the second as well; but the second itself stands on the first alone."""
    assert names("paid", PAID, SECOND, THIRD) == ["second"]
    assert names("second", PAID, SECOND, THIRD) == []
    assert names("third", PAID, SECOND, THIRD) == []


def test_what_has_just_been_claimed_rests_already_and_covers_nothing_yet() -> None:
    claimed = visit("claimed", 1, AppointmentStatus.PENDING, covered=True)
    assert names("paid", PAID, claimed) == ["claimed"]
    assert names("paid", PAID, claimed, THIRD) == ["claimed", "third"]


def test_a_visit_that_was_kept_covers_everything() -> None:
    assert names("paid", PAID, SECOND, visit("long ago", -900, KEPT)) == []


def test_what_never_has_a_fee_covers_nothing() -> None:
    assert names("paid", PAID, SECOND, visit("call", -1, free=True)) == ["second"]


def test_what_was_free_by_itself_rests_on_nothing() -> None:
    assert names("paid", PAID, visit("exempt", 1)) == []
    assert names("paid", PAID, visit("kept", 1, KEPT, covered=True)) == []


def test_the_refusal_says_what_to_do_and_only_where_something_rests_on_it() -> None:
    assert cover_refusal([]) is None
    refusal = cover_refusal([SECOND])
    assert refusal is not None
    assert "cancel that one first" in refusal.detail
