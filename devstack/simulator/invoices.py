"""Invoices of subscriptions: made, paid or refused, and shown at an address. https://docs.stripe.com/api/invoices"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.rendering import matching, page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save


def invoice_for(world: World, account: str, subscription: Json, reason: str, lines: list[Json] | None = None) -> Json:
    """An open invoice for the subscription's current period, or of these lines."""
    (item,) = subscription["items"]["data"]
    number = len(world.store.every("invoice", account)) + 1
    now, id_ = world.clock.now(), new_id("in")
    address = f"{world.config.base_url}/invoices/{id_}"
    lines = [_whole(subscription, item)] if lines is None else lines
    for one in lines:
        one["invoice"] = id_
    invoice = blank(_total(lines)) | {
        "id": id_,
        "billing_reason": reason,
        "created": now,
        "currency": item["price"]["currency"],
        "customer": subscription["customer"],
        "effective_at": now,
        "hosted_invoice_url": address,
        "invoice_pdf": f"{address}/pdf",
        "lines": {"object": "list", "data": lines, "has_more": False, "url": f"/v1/{id_}"},
        "number": f"SIM-{number:04}",
        "parent": _parent(subscription),
        "period_end": item["current_period_start"],
        "period_start": item["current_period_start"],
        "status_transitions": {
            "finalized_at": now,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
    }
    _use_balance(world, account, invoice)
    save(world, account, invoice)
    for type_ in ("invoice.created", "invoice.finalized"):
        world.events.emit(type_, invoice, account)
    return invoice


def pay(world: World, account: str, invoice: Json) -> None:
    """The card was good."""
    due = invoice["amount_due"]
    invoice.update(amount_paid=due, amount_remaining=0, attempted=True, next_payment_attempt=None, status="paid")
    invoice["attempt_count"] += 1
    invoice["status_transitions"]["paid_at"] = world.clock.now()
    save(world, account, invoice)
    for type_ in ("invoice.paid", "invoice.payment_succeeded"):
        world.events.emit(type_, invoice, account)


def subscription_of(invoice: Json) -> str | None:
    """None of one that was asked for by itself."""
    parent = invoice["parent"]
    return parent["subscription_details"]["subscription"] if parent else None


def fail(world: World, account: str, invoice: Json, next_attempt: int | None) -> None:
    """The card was refused."""
    invoice.update(attempted=True, next_payment_attempt=next_attempt)
    invoice["attempt_count"] += 1
    save(world, account, invoice)
    world.events.emit("invoice.payment_failed", invoice, account)


def amount_due(world: World, customer: str, lines: list[Json]) -> int:
    """What the card would be charged, once the customer's credit is used."""
    return max(0, _total(lines) + _balance(world, customer))


def preview_of(world: World, subscription: Json, lines: list[Json], id_: str) -> Json:
    """As Stripe shows an invoice that isn't made: a draft, in which the customer's credit is counted."""
    now, due = world.clock.now(), amount_due(world, subscription["customer"], lines)
    return blank(_total(lines)) | {
        "id": id_,
        "amount_due": due,
        "amount_remaining": due,
        "billing_reason": "upcoming",
        "created": now,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "effective_at": None,
        "lines": {"object": "list", "data": lines, "has_more": False, "url": f"/v1/invoices/{id_}/lines"},
        "number": None,
        "parent": _parent(subscription),
        "period_end": now,
        "period_start": now,
        "starting_balance": _balance(world, subscription["customer"]),
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
    }


def _use_balance(world: World, account: str, invoice: Json) -> None:
    """Credit (a negative balance) is used first, and what an invoice comes to below zero is credited."""
    customer = world.store.get("customer", invoice["customer"])
    assert customer is not None  # a subscription's customer is never deleted
    whole = invoice["total"] + customer["balance"]
    due = max(0, whole)
    invoice.update(
        starting_balance=customer["balance"], ending_balance=whole - due, amount_due=due, amount_remaining=due
    )
    if customer["balance"] != whole - due:
        customer = save(world, account, customer | {"balance": whole - due})
        world.events.emit("customer.updated", customer, account)


def _balance(world: World, customer: str) -> int:
    found = world.store.get("customer", customer)
    return int(found["balance"]) if found is not None else 0


def _total(lines: list[Json]) -> int:
    return sum(one["amount"] for one in lines)


def _parent(subscription: Json) -> Json:
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": {"metadata": {}, "subscription": subscription["id"]},
    }


def _whole(subscription: Json, item: Json) -> Json:
    period = (item["current_period_start"], item["current_period_end"])
    return line(subscription, item, item["price"]["unit_amount"] * item["quantity"], period, proration=False)


def line(subscription: Json, item: Json, amount: int, period: tuple[int, int], *, proration: bool) -> Json:
    """Of no invoice yet."""
    price = item["price"]
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": "Subscription",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": {
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": proration,
                "proration_details": None,
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
        },
        "period": {"end": period[1], "start": period[0]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subtotal": amount,
        "taxes": [],
    }


def blank(total: int) -> Json:
    """An open invoice, without what its maker knows."""
    return {
        "object": "invoice",
        "account_country": "US",
        "account_name": "Portico (simulation)",
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": total,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "collection_method": "charge_automatically",
        "default_tax_rates": [],
        "discounts": [],
        "due_date": None,
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "open",
        "subtotal": total,
        "total": total,
    }


def _retrieve(call: Call) -> Json:
    return call.find("invoice")


def _list(call: Call) -> Json:
    items = matching(call.world.store.every("invoice", call.account), call.params, "customer", "status")
    if "subscription" in call.params:
        wanted = call.params["subscription"]
        items = [one for one in items if subscription_of(one) == wanted]
    return page(items, call.params, "/v1/invoices")


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/invoices",
        params=sdk.InvoiceListParams,
        handler=_list,
        simulated=frozenset(
            {
                *("limit", "starting_after", "ending_before", "created", "expand"),
                *("customer", "status", "subscription"),
            }
        ),
    ),
    Operation(method="GET", path="/v1/invoices/{}", params=sdk.InvoiceRetrieveParams, handler=_retrieve),
)
