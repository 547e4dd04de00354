"""Which state follows from what the processor says of a merchant account."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.merchant_accounts import AccountView, merchant_status
from domain.states import MerchantStatus

GOOD = AccountView(account="acct_1", charges_enabled=True, details_submitted=True, takes_cards=True)
OFF = replace(GOOD, charges_enabled=False, disabled_reason="requirements.past_due")


@pytest.mark.parametrize("before", MerchantStatus)
def test_an_account_that_takes_cards_is_active_whatever_it_was(before: MerchantStatus) -> None:
    assert merchant_status(GOOD, before) is MerchantStatus.ACTIVE
    assert merchant_status(replace(GOOD, takes_cards=None), before) is MerchantStatus.ACTIVE


@pytest.mark.parametrize("before", MerchantStatus)
def test_an_account_out_of_reach_is_disconnected(before: MerchantStatus) -> None:
    assert merchant_status(None, before) is MerchantStatus.DISCONNECTED


@pytest.mark.parametrize("before", MerchantStatus)
def test_an_account_whose_details_are_missing_is_being_set_up(before: MerchantStatus) -> None:
    assert merchant_status(replace(OFF, details_submitted=False), before) is MerchantStatus.PENDING


@pytest.mark.parametrize(
    "view", [OFF, replace(GOOD, takes_cards=False), replace(OFF, disabled_reason="rejected.other")]
)
def test_charges_or_cards_taken_away_are_a_restriction(view: AccountView) -> None:
    assert merchant_status(view, MerchantStatus.ACTIVE) is MerchantStatus.RESTRICTED
    assert merchant_status(view, MerchantStatus.PENDING) is MerchantStatus.RESTRICTED


def test_what_the_processor_is_still_looking_at_is_pending_only_where_it_was_never_good() -> None:
    looked_at = replace(OFF, disabled_reason="requirements.pending_verification")
    assert merchant_status(looked_at, MerchantStatus.PENDING) is MerchantStatus.PENDING
    assert merchant_status(looked_at, MerchantStatus.ACTIVE) is MerchantStatus.RESTRICTED
