"""The verifier takes only what Stripe signed, lately, with one of the active secrets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from domain.errors import SignatureInvalid, ValidationFailed
from gateways.stripe_webhooks import StripeWebhooks

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SNAPSHOT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "account": "acct_1",
    "type": "checkout.session.completed",
    "livemode": False,
    "data": {"object": {"id": "cs_1", "object": "checkout.session", "payment_intent": {"id": "pi_1"}}},
}
THIN: dict[str, Any] = {
    "id": "evt_2",
    "object": "v2.core.event",
    "context": "acct_1",
    "type": "v1.payment_intent.succeeded",
    "livemode": False,
    "related_object": {"id": "pi_1", "type": "payment_intent", "url": "/v1/payment_intents/pi_1"},
}


def signed(body: object, secret: str = "whsec_new", at: datetime = NOW) -> tuple[bytes, str]:
    payload = body if isinstance(body, str) else json.dumps(body)
    header = stripe.WebhookSignature.generate_signature_header(payload, secret, int(at.timestamp()))
    return payload.encode(), header


def verifier() -> StripeWebhooks:
    return StripeWebhooks(["whsec_new", "whsec_old"], livemode=False)


def test_a_snapshot_event_is_read_with_what_it_relates_to() -> None:
    event = verifier().verify(*signed(SNAPSHOT), NOW)

    assert (event.event_id, event.type, event.merchant_account) == ("evt_1", "checkout.session.completed", "acct_1")
    assert (event.object_id, event.livemode) == ("cs_1", False)
    assert event.related == {"checkout_session": "cs_1", "payment_intent": "pi_1"}


def test_a_charge_names_its_payment() -> None:
    charge = {"id": "ch_1", "object": "charge", "payment_intent": "pi_1"}

    event = verifier().verify(*signed(SNAPSHOT | {"type": "charge.captured", "data": {"object": charge}}), NOW)

    assert event.related == {"charge": "ch_1", "payment_intent": "pi_1"}


def test_a_thin_event_is_read_by_its_related_object() -> None:
    event = verifier().verify(*signed(THIN), NOW)

    assert (event.type, event.merchant_account, event.object_id) == ("payment_intent.succeeded", "acct_1", "pi_1")
    assert event.related == {"payment_intent": "pi_1"}


def test_an_event_of_the_platform_has_no_account() -> None:
    platform = {name: value for name, value in SNAPSHOT.items() if name != "account"}

    assert verifier().verify(*signed(platform), NOW).merchant_account is None


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_each_active_secret_is_accepted_while_they_are_rotated(secret: str) -> None:
    assert verifier().verify(*signed(SNAPSHOT, secret), NOW).event_id == "evt_1"


def test_two_signatures_in_one_header_are_tried_both() -> None:
    payload, header = signed(SNAPSHOT, "whsec_retired")
    _, other = signed(SNAPSHOT, "whsec_old")
    both = f"{header},{other.partition(',')[2]}"

    assert verifier().verify(payload, both, NOW).event_id == "evt_1"


@pytest.mark.parametrize(
    ("secret", "age", "reason"),
    [
        ("whsec_wrong", timedelta(), "mismatch"),
        ("whsec_new", timedelta(seconds=301), "stale"),
        ("whsec_new", timedelta(seconds=-61), "future"),
    ],
)
def test_a_wrong_stale_or_future_signature_is_refused(secret: str, age: timedelta, reason: str) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        verifier().verify(*signed(SNAPSHOT, secret, NOW - age), NOW)

    assert caught.value.data == {"reason": reason}


@pytest.mark.parametrize("seconds", [300, 0, -60])
def test_a_signature_may_be_five_minutes_old_and_one_minute_early(seconds: int) -> None:
    assert verifier().verify(*signed(SNAPSHOT, at=NOW - timedelta(seconds=seconds)), NOW).event_id == "evt_1"


@pytest.mark.parametrize("header", ["", "nonsense", "t=x,v1=y", "t=1", "v1=abc"])
def test_a_header_that_is_none_is_refused(header: str) -> None:
    with pytest.raises(SignatureInvalid):
        verifier().verify(signed(SNAPSHOT)[0], header, NOW)


def test_a_second_time_beside_the_signed_one_changes_nothing() -> None:
    stale = NOW - timedelta(hours=1)
    payload, header = signed(SNAPSHOT, at=stale)
    stamp, _, rest = header.partition(",")

    for forged in (f"{stamp}={int(NOW.timestamp())},{rest}", f"{header},t={int(NOW.timestamp())}"):
        with pytest.raises(SignatureInvalid):
            verifier().verify(payload, forged, NOW)


def test_a_changed_body_is_refused() -> None:
    payload, header = signed(SNAPSHOT)

    with pytest.raises(SignatureInvalid):
        verifier().verify(payload.replace(b"cs_1", b"cs_2"), header, NOW)
    with pytest.raises(SignatureInvalid):
        verifier().verify(b"\xff\xfe", header, NOW)


def test_without_a_secret_nothing_is_accepted() -> None:
    for secrets in ([], [""]):
        with pytest.raises(SignatureInvalid):
            StripeWebhooks(secrets, livemode=False).verify(*signed(SNAPSHOT, ""), NOW)


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        "1",
        "{}",
        {"object": "event", "id": "evt_1"},
        SNAPSHOT | {"data": []},
        SNAPSHOT | {"id": 7},
        SNAPSHOT | {"livemode": "no"},
        THIN | {"type": None},
    ],
)
def test_a_body_that_is_no_event_is_invalid(body: object) -> None:
    with pytest.raises(ValidationFailed):
        verifier().verify(*signed(body), NOW)


def test_an_event_of_the_other_mode_verifies_and_can_be_told_apart() -> None:
    event = verifier().verify(*signed(SNAPSHOT | {"livemode": True}), NOW)

    assert not verifier().is_ours(event)
