"""What a checkout charges for: line items with a price given in place, and their total."""

from __future__ import annotations

from devstack.simulator.errors import ApiError, missing_param, not_simulated
from devstack.simulator.store import Json
from devstack.simulator.world import Call, new_id

# Stripe's smallest charges, in minor units; others than these have none here. https://docs.stripe.com/currencies
_SMALLEST = {"usd": 50, "eur": 50, "cad": 50, "aud": 50, "chf": 50, "gbp": 30, "jpy": 50}
_LARGEST = 99_999_999


def line_items(call: Call) -> Json:
    """The session's line items as a list object; raises `ApiError` for what Stripe would refuse."""
    wanted = call.params.get("line_items")
    if not wanted:
        raise missing_param("line_items")
    items = [_line(call, item, f"line_items[{index}]") for index, item in enumerate(wanted)]
    return {"object": "list", "data": items, "has_more": False, "url": "/v1/checkout/sessions/line_items"}


def totals(items: Json) -> tuple[int, str]:
    """Amount in minor units and currency of all of it."""
    currencies = {item["currency"] for item in items["data"]}
    if len(currencies) > 1:
        raise ApiError("All prices in a Checkout Session must have the same currency.", param="line_items")
    currency = str(currencies.pop())
    amount = sum(int(item["amount_total"]) for item in items["data"])
    if amount < _SMALLEST.get(currency, 1):
        message = "The Checkout Session's total amount due is below the smallest amount that can be charged."
        raise ApiError(message, code="amount_too_small")
    if amount > _LARGEST:
        raise ApiError("The Checkout Session's total amount due is too large.", code="amount_too_large")
    return amount, currency


def _line(call: Call, item: Json, name: str) -> Json:
    if unknown := set(item) - {"price_data", "price", "quantity"}:
        raise not_simulated("that parameter", f"{name}[{min(unknown)}]")
    if "quantity" not in item:
        raise missing_param(f"{name}[quantity]")
    price = _price(call, item, name)
    _check_mode(call.params["mode"], price, name)
    given_name = price.pop("_name")
    product = call.world.store.get("product", price["product"], call.account) or {"name": given_name}
    amount = price["unit_amount"] * item["quantity"]
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product["name"],
        "metadata": {},
        "price": price,
        "quantity": item["quantity"],
    }


def _check_mode(mode: str, price: Json, name: str) -> None:
    if mode == "payment" and price["type"] == "recurring":
        raise ApiError("You specified `payment` mode but passed a recurring price.", param=f"{name}[price]")
    if mode == "subscription" and price["type"] != "recurring":
        message = "You must provide at least one recurring price in `subscription` mode when using prices."
        raise ApiError(message, param=f"{name}[price]")


def _price(call: Call, item: Json, name: str) -> Json:
    if "price" in item:
        return call.find("price", item["price"], f"{name}[price]")
    data = item.get("price_data")
    if data is None:
        raise missing_param(f"{name}[price_data]")
    return price_from(call, data, f"{name}[price_data]")


def price_from(call: Call, data: Json, name: str) -> Json:
    """A price object of `price_data` (or of a price's creation)."""
    if "unit_amount" not in data:
        raise missing_param(f"{name}[unit_amount]")
    if data["unit_amount"] < 0:
        raise ApiError("Invalid non-negative integer", code="parameter_invalid_integer", param=f"{name}[unit_amount]")
    if "product" not in data and "product_data" not in data:
        raise missing_param(f"{name}[product]")
    if "product" in data:
        call.find("product", data["product"], f"{name}[product]")
    recurring = data.get("recurring")
    if recurring:
        recurring = {
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        } | recurring
    return {
        "id": new_id("price"),
        "object": "price",
        "active": "product" in data,
        "billing_scheme": "per_unit",
        "created": call.world.clock.now(),
        "currency": data["currency"].lower(),
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": data.get("metadata") or {},
        "nickname": data.get("nickname"),
        "product": data.get("product") or new_id("prod"),
        "recurring": recurring,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
        "_name": (data.get("product_data") or {}).get("name"),
    }
