"""Each way in which a payment can go wrong has one test of its name, and a row in docs/payments.md."""

from __future__ import annotations

import re
from collections import Counter

from tests.meta.test_the_code import ROOT

ROWS = {
    "Paid after the hold ended": "test_paid_after_the_hold_ended",
    "Paid twice, in two tabs or after moving": "test_paid_twice_in_two_tabs_or_after_moving",
    "Fee changed meanwhile": "test_fee_changed_meanwhile",
    "Amount, currency or account differs from the quote": "test_amount_currency_or_account_differs_from_the_quote",
    "Client closes the tab": "test_client_closes_the_tab",
    "Card declined, or 3-D Secure running": "test_card_declined_or_3_d_secure_running",
    "Webhook arrives before our own call returned": "test_webhook_arrives_before_our_own_api_call_returned",
    "Webhook lost for good": "test_webhook_lost_for_good",
    "Capture fails: the authorisation ran out, or the account is restricted": "test_capture_fails",
    "Capture twice, cancel after capture": "test_capture_twice_and_cancel_after_capture",
    "Refund fails: closed card, low balance": "test_refund_fails",
    "Refund made in the provider's dashboard": "test_refund_made_in_the_providers_dashboard",
    "Dispute": "test_dispute",
    "Zero fee": "test_zero_fee",
    "Currencies without decimals, and with three": "test_zero_decimal_and_three_decimal_currencies",
    "Secrets are rotated": "test_secret_rotation",
    "A test event at a live endpoint, or the other way round": "test_test_event_at_a_live_endpoint",
    "Forgery across tenants": "test_forgery_across_tenants",
    "Merchant disconnected half-way": "test_merchant_disconnected_half_way",
}


def test_each_edge_case_has_one_test_of_its_name() -> None:
    written = Counter(
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^async def (test_\w+)\(", file.read_text(), re.MULTILINE)
    )
    assert {name: written[name] for name in ROWS.values() if written[name] != 1} == {}


def test_the_table_in_the_documents_is_this_one() -> None:
    lines = (ROOT / "docs" / "payments.md").read_text().splitlines()
    told = dict(re.findall(r"^\| ([^|]+?) \|.*\| `(test_\w+)` \|$", "\n".join(lines), re.MULTILINE))
    assert told == ROWS
