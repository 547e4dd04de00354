"""A subscription gets another price: prorated, invoiced at once, shown beforehand. https://docs.stripe.com/billing/subscriptions/prorations"""

from __future__ import annotations

from dataclasses import dataclass

from stripe import params as sdk

from devstack.simulator import invoices
from devstack.simulator.customers import card_is_good
from devstack.simulator.errors import ApiError, CardDeclined, missing_param, not_simulated
from devstack.simulator.periods import later
from devstack.simulator.rendering import render
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, new_id

# What Portico asks for; every other way of Stripe's to bill a change isn't simulated.
_BILLED = {"proration_behavior": "always_invoice", "payment_behavior": "error_if_incomplete"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """What the subscription's only item becomes, and the lines of the invoice for it. `anchor`: a new period begins."""

    item: Json
    lines: list[Json]
    anchor: int | None


def change_price(call: Call, subscription: Json) -> bool:
    """By the parameters of an update; whether anything was changed. A card that is refused leaves all as it was."""
    for name, only in _BILLED.items():
        if call.params.get(name) != only:
            raise not_simulated(f"a change of price without {name}={only}", name)
    if subscription["status"] != "active":
        raise not_simulated("a change of price while a payment is open", "items")
    change = _change(call, subscription, call.params, "")
    if change is None:
        return False
    due = invoices.amount_due(call.world, subscription["customer"], change.lines)
    if due > 0 and not card_is_good(call.world, subscription["customer"]):
        raise CardDeclined
    subscription["items"]["data"] = [change.item]
    if change.anchor is not None:
        subscription["billing_cycle_anchor"] = change.anchor
    invoice = invoices.invoice_for(call.world, call.account, subscription, "subscription_update", change.lines)
    subscription["latest_invoice"] = invoice["id"]
    invoices.pay(call.world, call.account, invoice)
    return True


def _change(call: Call, subscription: Json, params: Json, prefix: str) -> Change | None:
    wanted, old = _wanted(call, params, prefix), subscription["items"]["data"][0]
    id_, price = wanted
    if id_ != old["id"]:
        raise not_simulated("a subscription of several items", f"{prefix}items")
    if price["id"] == old["price"]["id"]:
        return None
    if price["currency"] != subscription["currency"]:
        raise ApiError("All prices on a subscription must have the same currency.", param=f"{prefix}items[0][price]")
    now = call.world.clock.now()
    start, end = old["current_period_start"], old["current_period_end"]
    at = params.get("proration_date", now)
    if not start <= at <= end:
        message = "Cannot specify a proration date outside of the current period of the subscription."
        raise ApiError(message, param=f"{prefix}proration_date")
    left = (end - at) / (end - start)
    unused = -round(old["price"]["unit_amount"] * old["quantity"] * left)
    item = old | {"price": price, "plan": None}
    rhythm = ("interval", "interval_count")
    if all(price["recurring"][one] == old["price"]["recurring"][one] for one in rhythm):
        amount, anchor, period = round(price["unit_amount"] * old["quantity"] * left), None, (at, end)
    else:
        # Another interval: a new period begins, and is paid in full.
        ends = later(now, now, price["recurring"]["interval"], price["recurring"]["interval_count"])
        item |= {"current_period_start": now, "current_period_end": ends}
        amount, anchor, period = price["unit_amount"] * old["quantity"], now, (now, ends)
    lines = [
        invoices.line(subscription, old, unused, (at, end), proration=True),
        invoices.line(subscription, item, amount, period, proration=anchor is None),
    ]
    return Change(item=item, lines=lines, anchor=anchor)


def _wanted(call: Call, params: Json, prefix: str) -> tuple[str, Json]:
    items = params["items"]
    if len(items) != 1 or set(items[0]) != {"id", "price"}:
        raise not_simulated("other than one item's id and price", f"{prefix}items")
    price = render(call.find("price", items[0]["price"], f"{prefix}items[0][price]"))
    if price["type"] != "recurring" or not price["active"]:
        raise ApiError("The price specified is inactive or isn't recurring.", param=f"{prefix}items[0][price]")
    return items[0]["id"], price


def _preview(call: Call) -> Json:
    """The invoice that such an update would make; nothing is kept."""
    for name in ("subscription", "subscription_details"):
        if name not in call.params:
            raise missing_param(name)
    details = call.params["subscription_details"]
    if unknown := set(details) - {"items", "proration_behavior", "proration_date"}:
        raise not_simulated("that parameter", f"subscription_details[{min(unknown)}]")
    if "items" not in details or details.get("proration_behavior") != _BILLED["proration_behavior"]:
        raise not_simulated("a preview of anything but a change of price", "subscription_details")
    subscription = call.find("subscription", call.params["subscription"], "subscription")
    if subscription["status"] != "active":
        raise not_simulated("a preview while a payment is open", "subscription")
    change = _change(call, subscription, details, "subscription_details")
    lines = change.lines if change is not None else []
    return invoices.preview_of(call.world, subscription, lines, f"upcoming_{new_id('in')}")


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/invoices/create_preview",
        params=sdk.InvoiceCreatePreviewParams,
        handler=_preview,
        simulated=frozenset({"subscription", "subscription_details", "expand"}),
    ),
)
