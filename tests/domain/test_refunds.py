"""The refund rule: never more than was paid, never more for cancelling later, and the same in words and in money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decisions import cancel_decision, move_decision
from domain.errors import Conflict
from domain.fees import quote_for, refund_refusal, refundable
from domain.money import Money
from domain.policy import PortalPolicy, contradictions
from domain.refunds import RefundTerms, in_words, part_of, still_due
from domain.stages import Actor
from domain.states import AppointmentStatus, PaymentState

START = datetime(2026, 12, 1, 14, tzinfo=UTC)
HALF = RefundTerms(full_minutes=2880, part_percent=50, part_minutes=1440)
FORTY = Money(amount_minor=4000, currency="usd")
TERMS = st.builds(
    RefundTerms,
    full_minutes=st.integers(0, 10_000),
    part_percent=st.integers(0, 99),
    part_minutes=st.integers(0, 10_000),
    at_most_percent=st.integers(0, 100),
)
AMOUNTS = st.builds(
    Money, amount_minor=st.integers(1, 1_000_000), currency=st.sampled_from(["usd", "eur", "jpy", "krw", "kwd", "bhd"])
).map(lambda one: replace(one, amount_minor=one.amount_minor * one.payable_step))


@given(amount=AMOUNTS, percent=st.integers(0, 100), parts=st.tuples(st.integers(0, 100), st.integers(0, 100)))
def test_what_was_given_back_and_what_was_lost_to_a_bank_is_not_due_again(
    amount: Money, percent: int, parts: tuple[int, int]
) -> None:
    given_minor = amount.amount_minor * parts[0] // 100
    lost_minor = (amount.amount_minor - given_minor) * parts[1] // 100
    due = still_due(amount, percent, given_minor, lost_minor).amount_minor
    assert 0 <= due <= amount.amount_minor - given_minor - lost_minor
    assert due + given_minor <= max(part_of(amount, percent).amount_minor, given_minor)
    assert still_due(amount, percent, 0) == part_of(amount, percent)


@pytest.mark.parametrize(
    ("minutes_before", "percent"),
    [(5000, 100), (2880, 100), (2879, 50), (1440, 50), (1439, 0), (0, 0), (-10, 0)],
)
def test_all_then_a_part_then_nothing_and_the_last_minute_counts(minutes_before: int, percent: int) -> None:
    assert HALF.percent_at(START, START - timedelta(minutes=minutes_before)) == percent


def test_without_a_rule_of_its_own_a_fee_goes_back_in_full_until_the_start() -> None:
    terms = PortalPolicy().refund_terms
    assert terms.percent_at(START, START) == 100
    assert terms.stages(1440) == ((100, 1440),)


@given(TERMS, st.integers(-100, 12_000), st.integers(0, 12_000))
def test_cancelling_later_never_brings_more(terms: RefundTerms, minutes: int, later: int) -> None:
    soon, late = START - timedelta(minutes=minutes), START - timedelta(minutes=minutes - later)
    assert terms.percent_at(START, soon) >= terms.percent_at(START, late)


@given(AMOUNTS, st.integers(0, 100))
def test_a_part_is_payable_never_above_the_whole_and_rounded_in_the_clients_favour(amount: Money, percent: int) -> None:
    part = part_of(amount, percent)
    assert part.currency == amount.currency
    assert 0 <= part.amount_minor <= amount.amount_minor
    assert part.amount_minor % amount.payable_step == 0
    exact = amount.amount_minor * percent
    assert exact <= part.amount_minor * 100 < exact + 100 * amount.payable_step


@given(AMOUNTS)
def test_all_of_it_is_all_of_it_and_nothing_is_nothing(amount: Money) -> None:
    assert part_of(amount, 100) == amount
    assert part_of(amount, 0).amount_minor == 0


@pytest.mark.parametrize(
    ("amount", "part"),
    [
        (Money(amount_minor=4000, currency="usd"), "$20.00"),
        (Money(amount_minor=4001, currency="usd"), "$20.01"),
        (Money(amount_minor=4001, currency="jpy"), "2,001 JPY"),
        (Money(amount_minor=4010, currency="kwd"), "2.010 KWD"),
    ],
)
def test_half_of_an_odd_amount(amount: Money, part: str) -> None:
    assert str(part_of(amount, 50)) == part


@given(TERMS, st.integers(0, 12_000), st.integers(0, 15_000))
def test_what_is_said_ahead_is_what_is_given_when_the_time_comes(terms: RefundTerms, notice: int, ahead: int) -> None:
    """The stages are for those who may still cancel: until the notice."""
    now = START - timedelta(minutes=max(ahead, notice))
    steps = terms.steps(START, notice, now)
    assert steps[0].percent == terms.percent_at(START, now)
    assert steps[-1].until == START - timedelta(minutes=notice)
    for step, after in pairwise(steps):
        assert step.percent > after.percent
        assert step.until < after.until
        assert terms.percent_at(START, step.until) == step.percent
        assert terms.percent_at(START, step.until + timedelta(seconds=1)) == after.percent


def decision(actor: Actor, minutes_before: int, status: AppointmentStatus = AppointmentStatus.BOOKED) -> int:
    return cancel_decision(
        status=status,
        starts_at=START,
        notice_minutes=60,
        can_cancel=True,
        actor=actor,
        now=START - timedelta(minutes=minutes_before),
        refund=HALF,
    ).refund_percent


def test_a_client_gets_back_what_the_rule_says_and_staff_give_back_all() -> None:
    assert [decision(Actor.CLIENT, minutes) for minutes in (3000, 2000, 1000, 30)] == [100, 50, 0, 0]
    assert [decision(Actor.STAFF, minutes) for minutes in (3000, 2000, 1000, -30)] == [100] * 4
    assert decision(Actor.CLIENT, 1000, AppointmentStatus.PENDING) == 100


def test_a_move_says_what_is_left_and_one_by_staff_takes_nothing() -> None:
    def left(actor: Actor, minutes_before: int) -> int:
        return move_decision(
            status=AppointmentStatus.BOOKED,
            starts_at=START,
            notice_minutes=60,
            policy=PortalPolicy(),
            actor=actor,
            now=START - timedelta(minutes=minutes_before),
            refund=HALF,
        ).refund_percent

    assert [left(Actor.CLIENT, minutes) for minutes in (3000, 2000, 1000)] == [100, 50, 0]
    assert left(Actor.STAFF, 1000) == 100
    moved = replace(HALF, at_most_percent=50)
    assert moved.percent_at(START, START - timedelta(days=30)) == 50


@pytest.mark.parametrize(
    ("terms", "notice", "words"),
    [
        (RefundTerms(), 1440, "Cancel online until 24 hours before, and the fee of $40.00 goes back in full."),
        (
            HALF,
            60,
            "Cancel online until 2 days before, and the fee of $40.00 goes back in full; until 24 hours before, $20.00 "
            "of $40.00; until 1 hour before, nothing.",
        ),
        (
            RefundTerms(full_minutes=2880),
            0,
            "Cancel online until 2 days before, and the fee of $40.00 goes back in full; until it begins, nothing.",
        ),
        (
            replace(HALF, at_most_percent=50),
            60,
            "Cancel online until 24 hours before, and $20.00 of $40.00 goes back; until 1 hour before, nothing.",
        ),
        (replace(HALF, at_most_percent=0), 60, "Cancel online until 1 hour before, and the fee of $40.00 is kept."),
    ],
)
def test_the_rule_in_words(terms: RefundTerms, notice: int, words: str) -> None:
    told = in_words(terms, FORTY, notice)
    assert told.startswith(words)
    assert told.endswith("If the practice cancels, you get all of it back; if you don't come, it is kept.")


def test_a_part_that_could_never_go_back_is_a_contradiction() -> None:
    policy = replace(PortalPolicy(), refund_part_percent=50, refund_full_minutes=60, refund_part_minutes=60)
    assert [error.field for error in contradictions(policy)] == ["refund_part_minutes"]
    assert contradictions(replace(policy, refund_part_minutes=59)) == []
    assert contradictions(replace(policy, refund_part_percent=0)) == []


def test_a_quote_is_known_by_what_it_says_and_not_by_the_version_it_comes_from() -> None:
    policy = replace(PortalPolicy(), require_fee=True, fee=FORTY)
    first, again = quote_for(policy, "0.1.0"), quote_for(policy, "0.2.0")
    assert first is not None
    assert again is not None
    assert first.reference == again.reference
    for other in (
        replace(policy, fee=Money(amount_minor=4001, currency="usd")),
        replace(policy, fee=Money(amount_minor=4000, currency="eur")),
        replace(policy, refund_full_minutes=60),
    ):
        quote = quote_for(other, "0.1.0")
        assert quote is not None
        assert quote.reference != first.reference
    assert quote_for(replace(policy, require_fee=False), "0.1.0") is None
    assert quote_for(replace(policy, fee=Money(amount_minor=0, currency="usd")), "0.1.0") is None


@given(AMOUNTS, st.lists(st.integers(-10, 2_000_000), max_size=12))
def test_whatever_is_asked_and_however_often_no_more_goes_back_than_was_taken(amount: Money, wishes: list[int]) -> None:
    owed = 0
    for wish in wishes:
        if refund_refusal(PaymentState.CAPTURED, amount, owed, wish) is None:
            owed += wish
        assert 0 <= owed <= amount.amount_minor
        assert refundable(PaymentState.CAPTURED, amount, owed).amount_minor == amount.amount_minor - owed
    rest = refund_refusal(PaymentState.CAPTURED, amount, owed, None)
    assert (rest is None) is (owed < amount.amount_minor)


@pytest.mark.parametrize("state", sorted(set(PaymentState) - {PaymentState.CAPTURED}))
def test_nothing_goes_back_of_what_was_never_taken_or_is_back_already(state: PaymentState) -> None:
    owed = FORTY.amount_minor if state is PaymentState.REFUNDED else 0
    assert isinstance(refund_refusal(state, FORTY, owed, None), Conflict)
    assert isinstance(refund_refusal(state, FORTY, owed, 1), Conflict)
    assert refundable(state, FORTY, owed).amount_minor == 0


def test_nothing_goes_back_while_a_payment_is_disputed() -> None:
    for wanted in (None, 1000):
        refusal = refund_refusal(PaymentState.CAPTURED, FORTY, 0, wanted, disputed=True)
        assert isinstance(refusal, Conflict)
        assert "disputes this payment" in refusal.detail
