"""What keeps a practice's gates open, what closes them, and that nothing closes before it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.states import SubscriptionStatus
from domain.subscriptions import (
    Ending,
    PlanBlock,
    Standing,
    SubscriptionNotice,
    SubscriptionState,
    SubscriptionTerms,
    SubscriptionView,
    chosen,
    closing_moment,
    decide,
    doubled,
    is_open,
    may_change_plan,
    next_look,
    notices_due,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TERMS = SubscriptionTerms()
PAID = SubscriptionView(
    subscription="sub_1",
    state=SubscriptionState.PAID,
    price="price_1",
    created_at=NOW - 10 * DAY,
    period_start=NOW - 10 * DAY,
    period_end=NOW + 20 * DAY,
)
REFUSED = replace(PAID, state=SubscriptionState.PAST_DUE, period_start=NOW - DAY, period_end=NOW + 29 * DAY)
ENDED = replace(PAID, state=SubscriptionState.ENDED, ended_at=NOW - timedelta(hours=1))
NOBODY = Standing(status=SubscriptionStatus.NONE)
GOOD = Standing(status=SubscriptionStatus.ACTIVE)


def test_who_has_paid_is_in() -> None:
    for before in SubscriptionStatus:
        assert decide(PAID, Standing(status=before), NOW, TERMS) == GOOD


@pytest.mark.parametrize("before", SubscriptionStatus)
def test_without_a_subscription_at_the_processor_nothing_changes(before: SubscriptionStatus) -> None:
    """An installation may have opened the portal without one, and a first payment may still be on its way."""
    standing = Standing(status=before)
    assert decide(None, standing, NOW, TERMS) == standing
    assert decide(replace(PAID, state=SubscriptionState.BEGUN), standing, NOW, TERMS) == standing


def test_a_refused_renewal_leaves_time_and_then_closes() -> None:
    grace = decide(REFUSED, GOOD, NOW, TERMS)
    closes = REFUSED.period_start + TERMS.grace
    assert grace == Standing(status=SubscriptionStatus.GRACE, ending=Ending.PAST_DUE, closes_at=closes)
    assert is_open(grace.status)
    told = replace(grace, told_at=NOW)
    assert decide(REFUSED, told, closes - timedelta(seconds=1), TERMS).open
    closed = decide(REFUSED, told, closes, TERMS)
    assert closed.status is SubscriptionStatus.PAST_DUE
    assert decide(PAID, closed, closes + DAY, TERMS) == GOOD


def test_a_refusal_that_is_found_late_still_leaves_time() -> None:
    found = REFUSED.period_start + 40 * DAY
    grace = decide(REFUSED, GOOD, found, TERMS)
    assert grace.closes_at == found + TERMS.notice


def test_nothing_closes_before_somebody_was_told_and_had_time() -> None:
    grace = decide(REFUSED, GOOD, NOW, TERMS)
    assert grace.closes_at is not None
    assert decide(REFUSED, grace, grace.closes_at, TERMS).open
    late = replace(grace, told_at=grace.closes_at + DAY)
    assert closing_moment(late, TERMS) == grace.closes_at + DAY + TERMS.notice
    # Where no mail can be delivered, not for ever.
    assert not decide(REFUSED, grace, grace.closes_at + TERMS.patience, TERMS).open


def test_what_is_cancelled_stays_open_until_its_end() -> None:
    cancelled = replace(PAID, ends_at=PAID.period_end)
    ending = decide(cancelled, GOOD, NOW, TERMS)
    assert ending == Standing(status=SubscriptionStatus.ACTIVE, ending=Ending.CANCELLED, closes_at=PAID.period_end)
    assert decide(PAID, ending, NOW + DAY, TERMS) == GOOD
    over = replace(cancelled, state=SubscriptionState.ENDED, ended_at=PAID.period_end)
    told = replace(ending, told_at=NOW)
    closed = decide(over, told, PAID.period_end, TERMS)
    assert (closed.status, closed.ending) == (SubscriptionStatus.CANCELLED, Ending.CANCELLED)


def test_an_end_without_a_word_is_told_of_first() -> None:
    ending = decide(ENDED, GOOD, NOW, TERMS)
    assert ending == Standing(status=SubscriptionStatus.ACTIVE, ending=Ending.ENDED, closes_at=NOW + TERMS.notice)
    told = replace(ending, told_at=NOW)
    assert decide(ENDED, told, NOW + TERMS.notice, TERMS).status is SubscriptionStatus.CANCELLED


def test_an_end_after_refused_payments_comes_no_sooner_than_was_told() -> None:
    told = replace(decide(REFUSED, GOOD, NOW, TERMS), told_at=NOW)
    assert told.closes_at is not None
    given_up = replace(REFUSED, state=SubscriptionState.ENDED, ended_at=NOW + DAY)
    assert decide(given_up, told, NOW + 2 * DAY, TERMS) == told
    closed = decide(given_up, told, told.closes_at, TERMS)
    assert closed.status is SubscriptionStatus.CANCELLED


def test_what_is_past_due_and_then_ends_has_to_be_begun_anew() -> None:
    closed = Standing(status=SubscriptionStatus.PAST_DUE, ending=Ending.PAST_DUE, closes_at=NOW, told_at=NOW)
    assert decide(ENDED, closed, NOW, TERMS).status is SubscriptionStatus.CANCELLED
    assert decide(ENDED, NOBODY, NOW, TERMS) == NOBODY


def test_the_subscription_that_lives_counts_and_two_are_one_too_many() -> None:
    older = replace(PAID, subscription="sub_0", created_at=NOW - 30 * DAY)
    assert chosen([PAID, older, ENDED]) == older
    assert chosen([ENDED]) == ENDED
    assert chosen([]) is None
    assert doubled([PAID, older])
    assert not doubled([PAID, ENDED])


def test_each_ending_has_its_first_word_and_a_reminder() -> None:
    grace = decide(REFUSED, GOOD, NOW, TERMS)
    (first,) = notices_due(grace, NOW, NOW, TERMS)
    assert (first.notice, first.about) == (SubscriptionNotice.PAYMENT_FAILED, grace.closes_at)
    assert grace.closes_at is not None
    told, late = replace(grace, told_at=NOW), grace.closes_at - TERMS.reminder
    assert next_look(told, REFUSED, NOW, TERMS) == late
    assert [one.notice for one in notices_due(told, NOW, late, TERMS)] == [
        SubscriptionNotice.PAYMENT_FAILED,
        SubscriptionNotice.CLOSING_SOON,
    ]
    closed = decide(REFUSED, told, grace.closes_at, TERMS)
    assert [one.notice for one in notices_due(closed, grace.closes_at, grace.closes_at, TERMS)] == [
        SubscriptionNotice.CLOSED
    ]


def test_news_that_is_old_is_not_told() -> None:
    assert [one.notice for one in notices_due(GOOD, NOW, NOW, TERMS)] == [SubscriptionNotice.OPENED]
    assert notices_due(GOOD, NOW - 30 * DAY, NOW, TERMS) == ()


def test_renewals_are_looked_for_though_nobody_rings() -> None:
    look = next_look(GOOD, PAID, NOW, TERMS)
    assert look is not None
    assert PAID.period_end < look < PAID.period_end + DAY
    overdue = next_look(GOOD, PAID, PAID.period_end + 5 * DAY, TERMS)
    assert overdue is not None
    assert overdue > PAID.period_end + 5 * DAY


VIEWS = st.sampled_from([PAID, REFUSED, ENDED, replace(PAID, ends_at=PAID.period_end), None])


@given(st.lists(st.tuples(VIEWS, st.integers(0, 200), st.booleans()), min_size=1, max_size=30))
def test_whatever_happens_the_gates_close_only_after_notice(
    steps: list[tuple[SubscriptionView | None, int, bool]],
) -> None:
    standing, now = GOOD, NOW
    for view, hours, told in steps:
        now += timedelta(hours=hours)
        before, standing = standing, decide(view, standing, now, TERMS)
        if before.open and not standing.open:
            assert standing.closes_at is not None
            assert now >= standing.closes_at
            noticed = before.told_at is not None and (
                standing.ending is Ending.CANCELLED or now >= before.told_at + TERMS.notice
            )
            assert noticed or now >= standing.closes_at + TERMS.patience
        if view is PAID:
            assert standing == GOOD
        if told and standing.open and standing.ending is not None and standing.told_at is None:
            standing = replace(standing, told_at=now)


def test_another_plan_can_be_had_while_all_is_paid_and_it_goes_on() -> None:
    grace = Standing(status=SubscriptionStatus.GRACE, ending=Ending.PAST_DUE, closes_at=NOW + DAY)
    ends = Standing(status=SubscriptionStatus.ACTIVE, ending=Ending.CANCELLED, closes_at=NOW + DAY)
    runs = {"living": True, "renews": True, "under_way": False}
    assert may_change_plan(GOOD, **runs) is None
    assert may_change_plan(GOOD, **runs, same=True) is PlanBlock.SAME_PLAN
    assert may_change_plan(GOOD, **runs | {"under_way": True}) is PlanBlock.UNDER_WAY
    assert may_change_plan(GOOD, **runs | {"renews": False}) is PlanBlock.NOT_RENEWED
    assert may_change_plan(ends, **runs) is PlanBlock.NOT_RENEWED
    for unpaid in (grace, Standing(status=SubscriptionStatus.PAST_DUE)):
        assert may_change_plan(unpaid, **runs) is PlanBlock.UNPAID
    assert may_change_plan(GOOD, **runs | {"living": False}) is PlanBlock.NONE_RUNNING


def test_owners_are_told_of_another_plan_for_as_long_as_it_is_news() -> None:
    told = [one.notice for one in notices_due(GOOD, NOW - 90 * DAY, NOW, TERMS, NOW - DAY)]
    assert told == [SubscriptionNotice.PLAN_CHANGED]
    assert notices_due(GOOD, NOW - 90 * DAY, NOW, TERMS, NOW - 4 * DAY) == ()
