"""Verifies Stripe's webhooks: the signature over the raw bytes, its age, and the envelope of snapshot and thin events.

Source: https://docs.stripe.com/webhooks and https://docs.stripe.com/event-destinations
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import stripe

from domain.errors import SignatureInvalid, ValidationFailed
from domain.ports import ProcessorEvent

_OLDEST = timedelta(seconds=300)
_FUTURE = timedelta(seconds=60)
# What an event's object may name, and under which word it is passed on.
_REFERENCES = {
    "payment_intent": "payment_intent",
    "checkout_session": "checkout_session",
    "charge": "charge",
    "customer": "customer",
    "latest_charge": "charge",
    "subscription": "subscription",
}
_OWN = {
    "payment_intent": "payment_intent",
    "checkout.session": "checkout_session",
    "charge": "charge",
    "refund": "refund",
    "dispute": "dispute",
}


class StripeWebhooks:
    """Implements `domain.ports.WebhookVerifier`. `secrets` are all active ones (rotation has two).

    `livemode` is what this stack runs in; an event of the other mode verifies, and `is_ours` tells it apart, so that
    the door can drop it with a 2xx (a refusal would be sent again for days).
    """

    def __init__(self, secrets: Sequence[str], livemode: bool) -> None:
        self._secrets = tuple(secrets)
        self._livemode = livemode

    def is_ours(self, event: ProcessorEvent) -> bool:
        """Whether the event belongs to the mode (live or test) that this stack runs in."""
        return event.livemode == self._livemode

    def verify(self, payload: bytes, signature: str, now: datetime) -> ProcessorEvent:
        """Check signature and age; `now` is wall time.

        Raises `SignatureInvalid` for a wrong, stale (over 5 min) or future (over 1 min) one, `ValidationFailed` for a
        body that isn't an event.
        """
        if not any(_is_signed(payload, signature, secret) for secret in self._secrets):
            raise SignatureInvalid(reason="mismatch")
        age = now.timestamp() - _timestamp(signature)
        if age > _OLDEST.total_seconds():
            raise SignatureInvalid(reason="stale")
        if age < -_FUTURE.total_seconds():
            raise SignatureInvalid(reason="future")
        return _read_event(payload)


def _is_signed(payload: bytes, signature: str, secret: str) -> bool:
    try:
        # No tolerance: the SDK would accept future timestamps, and asks the wall clock itself.
        stripe.WebhookSignature.verify_header(payload, signature, secret, tolerance=None)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def _timestamp(signature: str) -> int:
    """The `t=` that the signature covers; the header has been verified, so it is there."""
    # Read exactly as the SDK reads it (`t=1=2` is 1), or an unsigned time could stand beside the signed one.
    return next(int(part.split("=")[1]) for part in signature.split(",") if part.startswith("t="))


def _read_event(payload: bytes) -> ProcessorEvent:
    try:
        event = json.loads(payload)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise ValidationFailed.of("body", "not a JSON event")
    if event.get("object") == "v2.core.event":
        return _thin(event)
    return _snapshot(event)


def _snapshot(event: Mapping[str, Any]) -> ProcessorEvent:
    data = event.get("data")
    obj = data.get("object") if isinstance(data, dict) else None
    if not isinstance(obj, dict):
        raise ValidationFailed.of("data.object", "missing")
    return ProcessorEvent(
        event_id=_text(event, "id"),
        type=_text(event, "type"),
        merchant_account=_optional_text(event, "account"),
        object_id=_optional_text(obj, "id") or "",  # a balance has none
        livemode=_livemode(event),
        related=_related(obj),
    )


def event_asked_for(event: Mapping[str, Any], merchant_account: str | None) -> ProcessorEvent:
    """An event as the list of this account has it. Raises ValidationFailed, also where it names another account.

    Whose it is says the account that was asked; in an account's own list an event needn't name it.
    """
    read = _snapshot(event)
    if read.merchant_account not in (None, merchant_account):
        raise ValidationFailed.of("account", "isn't the one that was asked")
    return replace(read, merchant_account=merchant_account)


def _thin(event: Mapping[str, Any]) -> ProcessorEvent:
    related = event.get("related_object")
    related = related if isinstance(related, dict) else {}
    object_id = _optional_text(related, "id") or ""
    word = _OWN.get((_optional_text(related, "type") or "").removeprefix("v1."))
    return ProcessorEvent(
        event_id=_text(event, "id"),
        # Thin events about v1 objects carry the version in front of the type.
        type=_text(event, "type").removeprefix("v1."),
        merchant_account=_account_in(_optional_text(event, "context")),
        object_id=object_id,
        livemode=_livemode(event),
        related={word: object_id} if word else {},
    )


def _account_in(context: str | None) -> str | None:
    """The account is the last part of a context such as `acct_1` or `org_1/acct_1`."""
    last = (context or "").rpartition("/")[2]
    return last if last.startswith("acct_") else None


def _related(obj: Mapping[str, Any]) -> dict[str, str]:
    related: dict[str, str] = {}
    for name, word in _REFERENCES.items():
        value = obj.get(name)
        if isinstance(value, dict):  # expanded
            value = value.get("id")
        if isinstance(value, str):
            related.setdefault(word, value)
    own, id_ = _OWN.get(str(obj.get("object"))), obj.get("id")
    if own is not None and isinstance(id_, str):
        related[own] = id_
    return related


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise ValidationFailed.of(name, "missing")
    return value


def _optional_text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    return value if isinstance(value, str) and value else None


def _livemode(event: Mapping[str, Any]) -> bool:
    value = event.get("livemode")
    if not isinstance(value, bool):
        raise ValidationFailed.of("livemode", "missing")
    return value
