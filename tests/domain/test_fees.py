"""Fees: none, all of it, a part as deposit, or for the first visit only."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.decisions import BookingRequest, PracticeStanding, booking_blocks
from domain.fees import FeePurpose, quote_for
from domain.money import Money
from domain.policy import PortalPolicy
from domain.stages import Actor, Track
from domain.states import MerchantStatus, SubscriptionStatus
from tests.domain.test_refunds import AMOUNTS

FORTY = replace(PortalPolicy(), require_fee=True, fee=Money(amount_minor=4000, currency="usd"))


@given(AMOUNTS, st.integers(1, 100))
def test_a_deposit_and_its_rest_are_the_fee(fee: Money, percent: int) -> None:
    quote = quote_for(replace(FORTY, fee=fee, fee_deposit_percent=percent), "0.1.0")
    assert quote is not None
    assert quote.amount.amount_minor > 0
    rest = quote.rest.amount_minor if quote.rest else 0
    assert quote.amount.amount_minor + rest == fee.amount_minor
    assert quote.purpose is (FeePurpose.DEPOSIT if rest else FeePurpose.APPOINTMENT)


def test_a_fee_for_the_first_visit_is_asked_once() -> None:
    first_only = replace(FORTY, fee_first_visit_only=True)
    assert quote_for(first_only, "0.1.0", returning=False) is not None
    assert quote_for(first_only, "0.1.0", returning=True) is None
    assert quote_for(FORTY, "0.1.0", returning=True) is not None


def test_nobody_is_asked_a_fee_for_what_staff_book() -> None:
    assert quote_for(FORTY, "0.1.0", booked_by=Actor.CLIENT) is not None
    assert quote_for(FORTY, "0.1.0", booked_by=Actor.STAFF) is None


def test_who_owes_no_fee_needs_no_merchant_account() -> None:
    standing = PracticeStanding(subscription=SubscriptionStatus.ACTIVE, merchant=MerchantStatus.NONE)
    new = BookingRequest(actor=Actor.CLIENT, track=Track.INVITED, has_account=True, intake_submitted=False, upcoming=0)
    first_only = replace(FORTY, fee_first_visit_only=True)
    assert [one.rule for one in booking_blocks(first_only, standing, new)] == ["merchant-account-missing"]
    assert booking_blocks(first_only, standing, replace(new, returning=True)) == []
