"""What may be asked of the payment processor, call by call: ids, amounts, closed words and addresses of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from domain.fees import FeePurpose
from domain.webhook_endpoints import ACCOUNT_EVENTS, FEE_EVENTS

_GATEWAYS = Path(__file__).parents[2] / "gateways"
_ID = r"(?:acct|apt|cs|cus|evt|in|pay|pi|prc|price|prv|re|rfd|si|sub)_\w+"
# Each call of the SDK in our gateways, and how it arrives.
CALLS = {
    "account_links.create": r"POST /v1/account_links",
    "accounts.create": r"POST /v1/accounts",
    "accounts.list": r"GET /v1/accounts",
    "accounts.retrieve": rf"GET /v1/accounts/{_ID}",
    "accounts.retrieve_current": r"GET /v1/account",
    "billing_portal.sessions.create": r"POST /v1/billing_portal/sessions",
    "checkout.sessions.create": r"POST /v1/checkout/sessions",
    "checkout.sessions.expire": rf"POST /v1/checkout/sessions/{_ID}/expire",
    "checkout.sessions.list": r"GET /v1/checkout/sessions",
    "checkout.sessions.retrieve": rf"GET /v1/checkout/sessions/{_ID}",
    "customers.create": r"POST /v1/customers",
    "disputes.list": r"GET /v1/disputes",
    "events.list": r"GET /v1/events",
    "invoices.create_preview": r"POST /v1/invoices/create_preview",
    "invoices.list": r"GET /v1/invoices",
    "payment_intents.cancel": rf"POST /v1/payment_intents/{_ID}/cancel",
    "payment_intents.capture": rf"POST /v1/payment_intents/{_ID}/capture",
    "prices.retrieve": rf"GET /v1/prices/{_ID}",
    "refunds.create": r"POST /v1/refunds",
    "refunds.list": r"GET /v1/refunds",
    "subscriptions.list": r"GET /v1/subscriptions",
    "subscriptions.retrieve": rf"GET /v1/subscriptions/{_ID}",
    "subscriptions.update": rf"POST /v1/subscriptions/{_ID}",
    "webhook_endpoints.list": r"GET /v1/webhook_endpoints",
}
_NUMBER, _FLAG = r"\d+", "true|false"
_PURPOSES = "|".join(FeePurpose)
_PAGES = "|".join(
    (
        r"/portal/payments/pay_\w+/return",
        r"/portal/appointments/apt_\w+",
        r"/console/subscription(?:/return)?",
        r"/console/merchant-account/prv_\w+/(?:return|refresh)",
    )
)
# By the last part of a parameter's name: what it may say. Nothing else may be said.
_SAYS = {
    "account": _ID,
    "allowed_payment_method_types": "card",
    "amount": _NUMBER,
    "cancel_at_period_end": _FLAG,
    "cancellation_reason": "duplicate",
    "capture_method": "manual",
    "client_reference_id": _ID,
    "country": "[A-Z]{2}",
    "currency": "[a-z]{3}",
    "customer": _ID,
    "delivery_success": _FLAG,
    "enabled": _FLAG,
    "ending_before": _ID,
    "expand": r"[a-z_.]+",
    "expires_at": _NUMBER,  # of the checkout, by which the hold ends; nothing of the appointment
    "fee_reference": r"pay_\w+",
    "gte": _NUMBER,
    "id": _ID,
    "limit": _NUMBER,
    "lte": _NUMBER,
    "merchant_reference": r"prv_\w+:\d+",
    "mode": "payment|subscription",
    "name": _PURPOSES,
    "payer": "account",
    "payment_behavior": "error_if_incomplete",
    "payment_intent": _ID,
    "payments": "stripe",
    "practice_reference": r"prc_\w+",
    "price": _ID,
    "proration_behavior": "always_invoice",
    "proration_date": _NUMBER,  # of a practice's own plan
    "quantity": "1",
    "reason": "duplicate",
    "refund_reference": r"rfd_\w+",
    "requested": _FLAG,
    "requirement_collection": "stripe",
    "starting_after": _ID,
    "status": "all",
    "subscription": _ID,
    "type": "account_onboarding|full|payment_method_update",
    "types": "|".join(re.escape(one) for one in FEE_EVENTS + ACCOUNT_EVENTS),
    "unit_amount": _NUMBER,
}
_ADDRESSES = ("cancel_url", "refresh_url", "return_url", "success_url")
_KEY = re.compile(
    rf"(?:(?:test|demo)|{_ID}|\d+|account|capture|customer|duplicate|expire|plan|refund|renewal|session|subscription|void|:)+"
)
# Links that are good once, and a look at what would be: nothing stays of them, so the SDK's own random key will do.
_LEAVE_NOTHING = ("account_links.create", "billing_portal.sessions.create", "invoices.create_preview")
_RANDOM_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def called_in_gateways() -> set[str]:
    """The calls by their names in the SDK."""
    text = "\n".join(one.read_text() for one in _GATEWAYS.glob("stripe_*.py"))
    return set(re.findall(r"client\.v1\.([\w.]+)_async\(", text))


def call_of(request: Mapping[str, Any]) -> str | None:
    asked = f"{request['method']} {request['path']}"
    return next((name for name, pattern in CALLS.items() if re.fullmatch(pattern, asked)), None)


def unexplained(request: Mapping[str, Any], base_url: str) -> list[str]:
    """What a request says beyond what may be said."""
    call = call_of(request)
    complaints = [] if call else [f"{request['method']} {request['path']}"]
    key = request["idempotency_key"]
    if key is not None and not (_RANDOM_KEY if call in _LEAVE_NOTHING else _KEY).fullmatch(key):
        complaints.append(f"key {key}")
    for name, value in _leaves(request["body"]):
        last = next(part for part in reversed(name.split(".")) if not part.isdigit())
        ours = re.escape(base_url) + f"(?:{_PAGES})"
        allowed = ours if last in _ADDRESSES else _SAYS.get(last, r"(?!)")
        if not re.fullmatch(allowed, value):
            complaints.append(f"{name}={value}")
    return complaints


def _leaves(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for key, child in node.items():
            yield from _leaves(child, f"{name}.{key}" if name else str(key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _leaves(child, f"{name}.{index}")
    else:
        yield name, str(node)
