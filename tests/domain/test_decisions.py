"""May this client book, cancel, be recorded as gone? Every rule, for clients and for staff."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.cadence import pay_again_until
from domain.decisions import (
    BookingRequest,
    PracticeStanding,
    booking_blocks,
    cancel_decision,
    fee_refusal,
    move_decision,
    signup_refusal,
    slot_block,
    visit_decision,
)
from domain.late_fees import LateFee, late_fee
from domain.money import Money
from domain.policy import PortalPolicy
from domain.stages import Actor, Track
from domain.states import AppointmentStatus, MerchantStatus, SubscriptionStatus

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OPEN = PracticeStanding(subscription=SubscriptionStatus.ACTIVE, merchant=MerchantStatus.ACTIVE)
GENEROUS = replace(PortalPolicy(), page_published=True, allow_anonymous_signup=True, allow_self_schedule=True)
STRICT = replace(
    GENEROUS,
    allow_self_schedule=False,
    require_intake=True,
    intake_form_id="frm_1",
    max_upcoming_appointments=2,
    require_fee=True,
    fee=Money(amount_minor=4000, currency="usd"),
)
CLIENT = BookingRequest(actor=Actor.CLIENT, track=Track.ANONYMOUS, has_account=True, intake_submitted=False, upcoming=2)
STAFF = replace(CLIENT, actor=Actor.STAFF)


def rules(policy: PortalPolicy, practice: PracticeStanding, request: BookingRequest) -> list[str]:
    return [block.rule for block in booking_blocks(policy, practice, request)]


def test_a_client_hears_every_rule_that_stands_in_the_way() -> None:
    closed = PracticeStanding(subscription=SubscriptionStatus.NONE, merchant=MerchantStatus.NONE)
    assert rules(STRICT, closed, CLIENT) == [
        *("subscription-inactive", "self-schedule-off", "intake-required", "limit-reached", "merchant-account-missing")
    ]
    assert rules(GENEROUS, OPEN, CLIENT) == []


def test_an_invited_client_never_meets_the_intake_gate() -> None:
    invited = replace(CLIENT, track=Track.INVITED)
    assert "intake-required" in rules(STRICT, OPEN, CLIENT)
    assert "intake-required" not in rules(STRICT, OPEN, invited)


def test_staff_pass_over_the_limit_with_a_reason_and_never_over_the_subscription() -> None:
    assert rules(STRICT, OPEN, STAFF) == ["limit-reached"]
    assert rules(STRICT, OPEN, replace(STAFF, override=True)) == []
    lapsed = replace(OPEN, subscription=SubscriptionStatus.NONE)
    assert rules(STRICT, lapsed, replace(STAFF, override=True)) == ["subscription-inactive"]


def test_who_holds_a_time_while_its_fee_is_due_is_not_asked_for_another_fee() -> None:
    with_fee = replace(GENEROUS, require_fee=True, fee=Money(amount_minor=4000, currency="usd"))
    holding = replace(CLIENT, upcoming=1, unpaid="apt_1")
    (block,) = booking_blocks(with_fee, OPEN, holding)
    assert (block.rule, block.value) == ("fee-required", "apt_1")
    assert rules(with_fee, OPEN, replace(holding, unpaid=None)) == []
    # What costs nothing opens no checkout, and staff's bookings have no fee.
    assert rules(GENEROUS, OPEN, holding) == []
    assert rules(replace(with_fee, fee_first_visit_only=True), OPEN, replace(holding, returning=True)) == []
    assert rules(with_fee, OPEN, replace(holding, actor=Actor.STAFF)) == []


@given(upcoming=st.integers(0, 10), limit=st.none() | st.integers(1, 10))
def test_the_limit_is_the_most_and_not_one_more(upcoming: int, limit: int | None) -> None:
    policy = replace(GENEROUS, max_upcoming_appointments=limit)
    refused = rules(policy, OPEN, replace(CLIENT, upcoming=upcoming)) == ["limit-reached"]
    assert refused is (limit is not None and upcoming + 1 > limit)


@pytest.mark.parametrize(
    ("offered", "taken", "actor", "override", "rule"),
    [
        (True, False, Actor.CLIENT, False, None),
        (False, False, Actor.CLIENT, False, "slot-unavailable"),
        (False, False, Actor.CLIENT, True, "slot-unavailable"),
        (False, False, Actor.STAFF, False, "slot-unavailable"),
        (False, False, Actor.STAFF, True, None),
        (True, True, Actor.CLIENT, False, "slot-taken"),
        (True, True, Actor.STAFF, True, "slot-taken"),
    ],
)
def test_one_slot(offered: bool, taken: bool, actor: Actor, override: bool, rule: str | None) -> None:
    block = slot_block(offered=offered, taken=taken, actor=actor, override=override)
    assert (block.rule if block else None) == rule


@given(
    minutes_left=st.integers(-10_000, 100_000),
    notice=st.integers(0, 50_000),
    can_cancel=st.booleans(),
    status=st.sampled_from(AppointmentStatus),
    actor=st.sampled_from([Actor.CLIENT, Actor.STAFF]),
)
@example(minutes_left=60, notice=60, can_cancel=True, status=AppointmentStatus.BOOKED, actor=Actor.CLIENT)
@example(minutes_left=59, notice=60, can_cancel=True, status=AppointmentStatus.BOOKED, actor=Actor.CLIENT)
def test_cancelling(minutes_left: int, notice: int, can_cancel: bool, status: AppointmentStatus, actor: Actor) -> None:
    decision = cancel_decision(
        status=status,
        starts_at=NOW + timedelta(minutes=minutes_left),
        notice_minutes=notice,
        can_cancel=can_cancel,
        actor=actor,
        now=NOW,
    )
    open_still = status in (AppointmentStatus.PENDING, AppointmentStatus.BOOKED)
    in_time = can_cancel and minutes_left >= notice
    free = actor is Actor.STAFF or status is AppointmentStatus.PENDING
    assert decision.allowed is (open_still and (free or in_time))
    assert decision.refund_percent == (100 if decision.allowed else 0)
    if open_still and not decision.allowed:
        slug = "cancel-window-closed" if can_cancel else "cancel-not-allowed"
        assert decision.refusal is not None
        assert decision.refusal.slug == slug


@pytest.mark.parametrize("to", [AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW])
def test_a_visit_is_recorded_once_it_has_begun_and_can_be_put_right(to: AppointmentStatus) -> None:
    begun, ahead = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
    for status in (AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW):
        assert visit_decision(status=status, to=to, starts_at=begun, now=NOW) is None
    assert visit_decision(status=AppointmentStatus.BOOKED, to=to, starts_at=ahead, now=NOW) is not None
    for status in (AppointmentStatus.CANCELLED, AppointmentStatus.PENDING):
        assert visit_decision(status=status, to=to, starts_at=begun, now=NOW) is not None


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("subscription", SubscriptionStatus)
def test_sign_up_is_open_when_all_of_its_switches_are(
    published: bool, allowed: bool, subscription: SubscriptionStatus
) -> None:
    policy = replace(GENEROUS, page_published=published, allow_anonymous_signup=allowed)
    refusal = signup_refusal(policy, replace(OPEN, subscription=subscription))
    active = subscription in (SubscriptionStatus.ACTIVE, SubscriptionStatus.GRACE)
    assert (refusal is None) is (published and allowed and active)
    assert refusal is None or refusal.slug == ("signup-closed" if active else "subscription-inactive")


def test_no_refusal_carries_a_member_of_the_problem_itself() -> None:
    """RFC 9457 owns `type`, `title`, `status` and `detail`."""
    closed = AppointmentStatus.CANCELLED
    begun = NOW - timedelta(minutes=1)
    refusals = [
        cancel_decision(
            status=closed, starts_at=NOW, notice_minutes=0, can_cancel=True, actor=Actor.STAFF, now=NOW
        ).refusal,
        move_decision(
            status=closed, starts_at=NOW, notice_minutes=0, policy=GENEROUS, actor=Actor.STAFF, now=NOW
        ).refusal,
        visit_decision(status=closed, to=AppointmentStatus.NOSHOW, starts_at=begun, now=NOW),
    ]
    for refusal in refusals:
        assert refusal is not None
        assert not {"type", "title", "status", "detail"} & set(refusal.data)


@given(minutes_left=st.integers(-1000, 10_000), notice=st.integers(0, 5_000), own=st.booleans(), cancel=st.booleans())
@example(minutes_left=60, notice=60, own=True, cancel=True)
def test_a_client_moves_where_booking_and_cancelling_are_allowed(
    minutes_left: int, notice: int, own: bool, cancel: bool
) -> None:
    policy = replace(GENEROUS, allow_self_schedule=own, clients_can_cancel=cancel)
    decision = move_decision(
        status=AppointmentStatus.BOOKED,
        starts_at=NOW + timedelta(minutes=minutes_left),
        notice_minutes=notice,
        policy=policy,
        actor=Actor.CLIENT,
        now=NOW,
    )
    assert decision.allowed is (minutes_left > 0 and own and cancel and minutes_left >= notice)
    assert not decision.allowed or decision.refund_percent == 100


def test_a_fee_needs_subscription_and_merchant_account() -> None:
    assert fee_refusal(STRICT, OPEN) is None
    for standing, slug in (
        (replace(OPEN, merchant=MerchantStatus.NONE), "merchant-account-missing"),
        (replace(OPEN, subscription=SubscriptionStatus.NONE), "subscription-inactive"),
    ):
        refusal = fee_refusal(STRICT, standing)
        assert refusal is not None
        assert refusal.slug == slug
        assert fee_refusal(GENEROUS, standing) is None


@given(st.sampled_from(Actor), st.booleans(), st.booleans(), st.integers(-600, 600))
def test_a_late_fee_keeps_its_time_only_where_nobody_else_has_it_and_nobody_called_it_off(
    let_go_by: Actor, superseded: bool, free: bool, minutes: int
) -> None:
    starts_at = NOW + timedelta(minutes=minutes)
    turn = late_fee(let_go_by=let_go_by, superseded=superseded, starts_at=starts_at, free=free, now=NOW)
    if let_go_by is not Actor.SYSTEM or superseded:
        assert turn is LateFee.RETURN
    elif free and minutes > 0:
        assert turn is LateFee.KEEP_TIME
    else:
        assert turn is LateFee.CHOOSE_AGAIN


@given(st.integers(-3 * 1440, 3 * 1440))
def test_a_fee_is_asked_again_for_less_than_a_day_and_never_into_the_visit(minutes: int) -> None:
    starts_at = NOW + timedelta(minutes=minutes)
    until = pay_again_until(NOW, starts_at)
    if until is None:
        assert minutes < 30, "too near for paying again"
    else:
        assert NOW + timedelta(minutes=30) <= until <= min(starts_at, NOW + timedelta(hours=22))


def test_while_another_time_is_owed_moving_and_money_back_ask_no_other_rule() -> None:
    until = NOW + timedelta(days=3)
    lost: dict[str, Any] = {
        "status": AppointmentStatus.CANCELLED,
        "starts_at": NOW - timedelta(hours=1),
        "notice_minutes": 1440,
    }
    closed = replace(GENEROUS, allow_self_schedule=False, clients_can_cancel=False)
    cancelling = cancel_decision(**lost, can_cancel=False, actor=Actor.CLIENT, now=NOW, choose_until=until)
    assert (cancelling.allowed, cancelling.refund_percent) == (True, 100)
    moving = move_decision(**lost, policy=closed, actor=Actor.CLIENT, now=NOW, choose_until=until)
    assert (moving.allowed, moving.until) == (True, until)
    late = move_decision(**lost, policy=closed, actor=Actor.CLIENT, now=until, choose_until=until)
    assert not late.allowed
