"""Checkout sessions as the merchant sees them: create, read, list, expire. https://docs.stripe.com/api/checkout/sessions"""

from __future__ import annotations

from typing import Any

from stripe.params import checkout as sdk

from devstack.simulator.checkout_lines import line_items, totals
from devstack.simulator.errors import ApiError, missing_param, not_simulated
from devstack.simulator.parameters import check_metadata
from devstack.simulator.payers import end_session
from devstack.simulator.rendering import matching, page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, new_id, pick, save

SOONEST_END, LATEST_END = 30 * 60, 24 * 3600
_INTENT_DATA = frozenset({"capture_method", "metadata", "description", "shipping"})
# Kept and shown again, without any effect in the simulator.
_ECHOED = ("client_reference_id", "customer_email", "locale", "submit_type", "billing_address_collection")


def _create(call: Call) -> Json:
    params, now = call.params, call.world.clock.now()
    _refuse_what_is_not_simulated(params)
    _check_account(call)
    _check_url(params, "success_url")
    if "cancel_url" in params:
        _check_url(params, "cancel_url")
    items = line_items(call)
    amount, currency = totals(items)
    intent_data = dict(params.get("payment_intent_data") or {})
    subscription_data = dict(params.get("subscription_data") or {})
    check_metadata(intent_data)
    check_metadata(subscription_data)
    customer = call.find("customer", params["customer"], "customer")["id"] if "customer" in params else None
    session_id = f"cs_test_{new_id('a1').replace('_', '')}"
    session = _blank() | pick(params, *_ECHOED)
    session |= {
        "id": session_id,
        "adaptive_pricing": params.get("adaptive_pricing", {"enabled": True}),
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": params.get("cancel_url"),
        "created": now,
        "currency": currency,
        "customer": customer,
        "customer_creation": None if customer else "if_required",
        "expires_at": _end(params, now),
        "metadata": check_metadata(params),
        "mode": params["mode"],
        "payment_method_types": ["card"],
        "success_url": params["success_url"],
        "url": f"{call.world.config.base_url}/c/pay/{session_id}",
        "_line_items": items,
        "_payment_intent_data": intent_data,
        "_subscription_data": subscription_data,
    }
    return save(call.world, call.account, session, session["expires_at"])


def _blank() -> Json:
    return {
        "object": "checkout.session",
        "after_expiration": None,
        "allow_promotion_codes": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "client_secret": None,
        "consent": None,
        "consent_collection": None,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(["after_submit", "shipping_address", "submit", "terms_of_service_acceptance"]),
        "customer_details": None,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "subscription": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
    }


def _refuse_what_is_not_simulated(params: Json) -> None:
    mode = params.get("mode")
    if mode is None:
        raise missing_param("mode")
    if mode not in ("payment", "subscription"):
        raise not_simulated(f"mode={mode}", "mode")
    _refuse_what_belongs_to_the_other_mode(params, mode)
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_simulated(f"ui_mode={params['ui_mode']}", "ui_mode")
    if unknown := set(params.get("payment_intent_data") or {}) - _INTENT_DATA:
        raise not_simulated("that parameter", f"payment_intent_data[{min(unknown)}]")
    types = params.get("allowed_payment_method_types", ["card"])
    if types != ["card"]:
        raise not_simulated("a payment method other than card", "allowed_payment_method_types")


def _refuse_what_belongs_to_the_other_mode(params: Json, mode: str) -> None:
    other = "subscription_data" if mode == "payment" else "payment_intent_data"
    if other in params:
        raise ApiError(f"You can not pass `{other}` in `{mode}` mode.", param=other)
    if unknown := set(params.get("subscription_data") or {}) - {"metadata"}:
        raise not_simulated("that parameter", f"subscription_data[{min(unknown)}]")
    if mode == "subscription" and "customer" not in params:
        raise not_simulated("a subscription checkout without a customer", "customer")
    if mode == "payment" and "customer" in params:
        raise not_simulated("a customer in payment mode", "customer")


def _check_account(call: Call) -> None:
    account = call.world.store.get("account", call.account)
    if account is not None and not account["charges_enabled"]:
        raise ApiError("Your account cannot currently make charges.", code="account_invalid", status=403)


def _check_url(params: Json, name: str) -> None:
    url = params.get(name)
    if url is None:
        raise missing_param(name)
    if not url.startswith(("http://", "https://")):
        raise ApiError("Not a valid URL", code="url_invalid", param=name)


def _end(params: Json, now: int) -> int:
    end = int(params.get("expires_at", now + LATEST_END))
    if end < now + SOONEST_END:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise ApiError(message, param="expires_at")
    if end > now + LATEST_END:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise ApiError(message, param="expires_at")
    return end


def _retrieve(call: Call) -> Json:
    return call.find("checkout.session")


def _list(call: Call) -> Json:
    items = matching(
        call.world.store.every("checkout.session", call.account),
        call.params,
        "payment_intent",
        "status",
        "customer",
        "subscription",
    )
    return page(items, call.params, "/v1/checkout/sessions")


def _expire(call: Call) -> Json:
    session = call.find("checkout.session")
    if session["status"] != "open":
        message = f'Only Checkout Sessions with a status in ["open"] can be expired. This is {session["status"]}.'
        raise ApiError(message)
    return end_session(call.world, call.account, session)


def _lines(call: Call) -> Json:
    items: list[dict[str, Any]] = call.find("checkout.session")["_line_items"]["data"]
    return page(items, call.params, f"/v1/checkout/sessions/{call.ids[0]}/line_items")


_PAGING = frozenset({"limit", "starting_after", "ending_before", "created", "expand"})
_CREATED_FROM = frozenset(_ECHOED) | {
    "adaptive_pricing",
    "allowed_payment_method_types",
    "cancel_url",
    "customer",
    "expand",
    "expires_at",
    "line_items",
    "metadata",
    "mode",
    "payment_intent_data",
    "subscription_data",
    "success_url",
    "ui_mode",
}
OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/checkout/sessions",
        params=sdk.SessionCreateParams,
        handler=_create,
        simulated=_CREATED_FROM,
    ),
    Operation(
        method="GET",
        path="/v1/checkout/sessions",
        params=sdk.SessionListParams,
        handler=_list,
        simulated=_PAGING | {"payment_intent", "status", "customer", "subscription"},
    ),
    Operation(method="GET", path="/v1/checkout/sessions/{}", params=sdk.SessionRetrieveParams, handler=_retrieve),
    Operation(method="POST", path="/v1/checkout/sessions/{}/expire", params=sdk.SessionExpireParams, handler=_expire),
    Operation(
        method="GET",
        path="/v1/checkout/sessions/{}/line_items",
        params=sdk.SessionLineItemListParams,
        handler=_lines,
    ),
)
