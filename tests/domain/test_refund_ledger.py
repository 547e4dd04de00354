"""The ledger's refunds and the processor's, put together: what was made is true, and never more than was taken."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.fees import RefundCause
from domain.money import Money
from domain.ports import MadeRefund, RefundStatus
from domain.refund_ledger import Followed, KeptRefund, as_made, follow

FORTY = Money(amount_minor=4000, currency="usd")


def kept(name: str, amount: int, made_as: str | None = None, cause: RefundCause = RefundCause.STAFF) -> KeptRefund:
    status = RefundStatus.SUCCEEDED if made_as else RefundStatus.PENDING
    return KeptRefund(id=name, amount_minor=amount, status=status, cause=cause, made_as=made_as)


def made(name: str, amount: int, reference: str | None = None, status: str = "succeeded") -> MadeRefund:
    money = Money(amount_minor=amount, currency="usd")
    return MadeRefund(refund_id=name, status=RefundStatus(status), amount=money, reference=reference)


def followed(some: list[KeptRefund], others: list[MadeRefund]) -> Followed:
    result = follow(FORTY, some, others)
    assert result is not None
    return result


def test_one_of_ours_is_known_by_its_reference_and_one_made_past_us_is_found() -> None:
    result = followed([kept("rfd_1", 1000)], [made("re_1", 1000, "rfd_1"), made("re_2", 500)])
    assert (result.kept[0].status, result.kept[0].made_as) == (RefundStatus.SUCCEEDED, "re_1")
    assert [one.refund_id for one in result.found] == ["re_2"]


def test_a_reference_to_what_was_seen_made_before_proves_nothing() -> None:
    result = followed([kept("rfd_1", 1000, "re_1")], [made("re_1", 1000, "rfd_1"), made("re_2", 500, "rfd_1")])
    assert [one.refund_id for one in result.found] == ["re_2"]


def test_what_was_asked_and_is_not_made_is_cut_to_what_is_left_and_the_oldest_is_served_first() -> None:
    result = followed([kept("rfd_1", 1500), kept("rfd_2", 1500)], [made("re_1", 2000)])
    assert [(one.amount_minor, one.status) for one in result.kept] == [
        (1500, RefundStatus.PENDING),
        (500, RefundStatus.PENDING),
    ]
    nothing_left = followed([kept("rfd_1", 1500)], [made("re_1", 4000)])
    assert nothing_left.kept[0].status is RefundStatus.OVERTAKEN
    assert nothing_left.kept[0].owed_minor == 0


def test_a_refund_that_fails_later_stays_owed_if_it_is_ours_and_is_nothing_if_it_was_made_past_us() -> None:
    past_us = kept("rfd_2", 500, "re_2", RefundCause.PROCESSOR)
    result = followed([kept("rfd_1", 1000, "re_1"), past_us], [made("re_1", 1000, status="failed"), made("re_2", 500)])
    assert [one.owed_minor for one in result.kept] == [1000, 500]
    assert [one.returned_minor for one in result.kept] == [0, 500]
    failed = followed([past_us], [made("re_2", 500, status="failed")])
    assert failed.kept[0].owed_minor == 0


def test_what_was_long_on_its_way_says_nothing_new_of_a_refund_that_was_read_since() -> None:
    failed = as_made(kept("rfd_1", 1000), made("re_1", 1000, "rfd_1", "failed"))
    for word in ("pending", "succeeded"):
        assert as_made(failed, made("re_1", 1000, "rfd_1", word)).status is RefundStatus.FAILED
    arrived = kept("rfd_1", 1000, "re_1")
    assert as_made(arrived, made("re_1", 1000, status="pending")).status is RefundStatus.SUCCEEDED
    assert as_made(arrived, made("re_1", 1000, status="failed")).status is RefundStatus.FAILED
    overtaken = replace(kept("rfd_1", 1000), status=RefundStatus.OVERTAKEN)
    assert as_made(overtaken, made("re_1", 1000, "rfd_1", "pending")).status is RefundStatus.PENDING


def test_more_than_was_taken_or_another_currency_is_not_believed() -> None:
    assert follow(FORTY, [], [made("re_1", 3000), made("re_2", 1001)]) is None
    assert follow(FORTY, [], [replace(made("re_1", 10), amount=Money(amount_minor=10, currency="eur"))]) is None


AMOUNTS = st.integers(min_value=1, max_value=2500)
MADE = st.lists(st.tuples(AMOUNTS, st.sampled_from(["succeeded", "pending", "failed"]), st.integers(0, 4)), max_size=5)


@given(asked=st.lists(AMOUNTS, max_size=4), others=MADE)
def test_whatever_is_made_the_ledger_never_owes_more_than_was_taken_and_following_twice_changes_nothing(
    asked: list[int], others: list[tuple[int, str, int]]
) -> None:
    ours = [kept(f"rfd_{n}", amount) for n, amount in enumerate(asked)]
    at_processor = [made(f"re_{n}", amount, f"rfd_{ref}", status) for n, (amount, status, ref) in enumerate(others)]
    result = follow(FORTY, ours, at_processor)
    if result is None:
        return
    found = [
        KeptRefund(
            id=f"found_{one.refund_id}",
            amount_minor=one.amount.amount_minor,
            status=one.status,
            cause=RefundCause.PROCESSOR,
            made_as=one.refund_id,
        )
        for one in result.found
    ]
    after = [*result.kept, *found]
    assert sum(one.owed_minor for one in after) <= FORTY.amount_minor
    gone = sum(one.amount.amount_minor for one in at_processor if one.status is RefundStatus.SUCCEEDED)
    assert sum(one.returned_minor for one in after) == gone
    again = follow(FORTY, after, at_processor)
    assert again is not None
    assert (list(again.kept), again.found) == (after, ())
