"""Which endpoints the processor has to ring at, and what is wrong with those that it knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from domain.webhook_endpoints import (
    ACCOUNT_EVENTS,
    FEE_EVENTS,
    SUBSCRIPTION_EVENTS,
    Endpoint,
    complaint,
    wanted_endpoints,
)

(FEES, SUBSCRIPTIONS) = wanted_endpoints("https://portal.example", own_account=False, sells=True)
GOOD = Endpoint(url=FEES.url, events=FEES.events, enabled=True, connected=True)


def test_an_endpoint_that_hears_all_is_well_also_by_a_star_or_in_two_parts() -> None:
    assert complaint(FEES, [GOOD]) is None
    assert complaint(FEES, [replace(GOOD, events=("*",))]) is None
    assert complaint(FEES, [replace(GOOD, events=FEE_EVENTS), replace(GOOD, events=ACCOUNT_EVENTS)]) is None


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], "there is no webhook endpoint"),
        ([replace(GOOD, url=SUBSCRIPTIONS.url)], "there is no webhook endpoint"),
        ([replace(GOOD, connected=False)], "connected accounts"),
        ([replace(GOOD, enabled=False)], "disabled"),
        ([replace(GOOD, events=FEE_EVENTS)], "account.updated, capability.updated, account.application.deauthorized"),
    ],
)
def test_what_is_wrong_is_said(found: list[Endpoint], said: str) -> None:
    assert said in (complaint(FEES, found) or "")


def test_an_own_account_is_heard_of_itself_and_sells_nothing() -> None:
    (only,) = wanted_endpoints("https://portal.example", own_account=True, sells=False)
    assert (only.connected, "account.application.deauthorized" in only.events) == (False, False)


def test_the_operations_page_names_every_event() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    for event in (*FEE_EVENTS, *ACCOUNT_EVENTS, *SUBSCRIPTION_EVENTS):
        assert f"`{event}`" in page, event
