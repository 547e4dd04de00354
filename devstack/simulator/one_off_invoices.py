"""Invoices that are asked for by API, of items that wait: drafted, finalised, paid, voided. https://docs.stripe.com/api/invoices"""

from __future__ import annotations

from collections.abc import Callable

from stripe import params as sdk

from devstack.simulator import invoices
from devstack.simulator.customers import card_is_good
from devstack.simulator.errors import ApiError, CardDeclined, missing_param
from devstack.simulator.parameters import check_metadata
from devstack.simulator.payment_methods import Card, behaviour_of, method_of
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, new_id, pick, save

_DAY = 24 * 3600


def _add_item(call: Call) -> Json:
    """Waits for the customer's next invoice."""
    for name in ("customer", "amount", "currency"):
        if name not in call.params:
            raise missing_param(name)
    now = call.world.clock.now()
    item: Json = pick(call.params, "amount", "description") | {
        "id": new_id("ii"),
        "object": "invoiceitem",
        "currency": call.params["currency"].lower(),
        "customer": call.find("customer", call.params["customer"], "customer")["id"],
        "date": now,
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": check_metadata(call.params),
        "period": {"end": now, "start": now},
        "proration": False,
        "quantity": 1,
        "quantity_decimal": "1",
    }
    save(call.world, call.account, item)
    call.world.events.emit("invoiceitem.created", item, call.account)
    return item


def _create(call: Call) -> Json:
    """A draft, of what waits if it is asked to include that."""
    params = call.params
    if "customer" not in params:
        raise missing_param("customer")
    customer = call.find("customer", params["customer"], "customer")["id"]
    if params.get("collection_method") == "send_invoice" and "days_until_due" not in params:
        raise missing_param("days_until_due")
    waiting = []
    if params.get("pending_invoice_items_behavior") == "include":
        items = call.world.store.every("invoiceitem", call.account)
        waiting = [one for one in reversed(items) if one["customer"] == customer and one["invoice"] is None]
    now, id_ = call.world.clock.now(), new_id("in")
    due = now + params["days_until_due"] * _DAY if "days_until_due" in params else None
    invoice = invoices.blank(sum(item["amount"] for item in waiting)) | {
        "id": id_,
        "billing_reason": "manual",
        "collection_method": params.get("collection_method", "charge_automatically"),
        "created": now,
        "currency": waiting[0]["currency"] if waiting else "usd",
        "customer": customer,
        "description": params.get("description"),
        "due_date": due,
        "effective_at": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "lines": {
            "object": "list",
            "data": [_line(id_, one) for one in waiting],
            "has_more": False,
            "url": f"/v1/{id_}",
        },
        "metadata": check_metadata(params),
        "number": None,
        "parent": None,
        "period_end": now,
        "period_start": now,
        "status": "draft",
        "status_transitions": dict.fromkeys(
            ["finalized_at", "marked_uncollectible_at", "paid_at", "voided_at"],
        ),
    }
    for item in waiting:
        save(call.world, call.account, item | {"invoice": id_})
    return _tell(call, invoice, "created")


def _line(invoice_id: str, item: Json) -> Json:
    details = {"invoice_item": item["id"], "proration": False, "proration_details": None, "subscription": None}
    return pick(item, "amount", "currency", "description", "metadata", "period", "quantity") | {
        "id": new_id("il"),
        "object": "line_item",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "parent": {
            "type": "invoice_item_details",
            "invoice_item_details": details,
            "subscription_item_details": None,
        },
        "pretax_credit_amounts": [],
        "pricing": None,
        "subtotal": item["amount"],
        "taxes": [],
    }


def _tell(call: Call, invoice: Json, what: str) -> Json:
    save(call.world, call.account, invoice)
    call.world.events.emit(f"invoice.{what}", invoice, call.account)
    return invoice


def _in_state(call: Call, *states: str) -> Json:
    invoice = call.find("invoice")
    if invoice["status"] not in states:
        raise ApiError(f"This invoice is {invoice['status']}: that takes one which is {' or '.join(states)}.")
    return invoice


def _update(call: Call) -> Json:
    invoice = call.find("invoice")
    invoice["metadata"].update(check_metadata(call.params))
    return _tell(call, invoice, "updated")


def _finalize(call: Call) -> Json:
    return _finalized(call, _in_state(call, "draft"))


def _finalized(call: Call, invoice: Json) -> Json:
    if invoice["status"] != "draft":
        return invoice
    now, address = call.world.clock.now(), f"{call.world.config.base_url}/invoices/{invoice['id']}"
    number = len(call.world.store.every("invoice", call.account))
    invoice.update(status="open", effective_at=now, hosted_invoice_url=address, invoice_pdf=f"{address}/pdf")
    invoice["number"] = f"SIM-{number:04}"
    invoice["status_transitions"]["finalized_at"] = now
    return _tell(call, invoice, "finalized")


def _pay(call: Call) -> Json:
    """A draft is finalised by it."""
    invoice = _finalized(call, _in_state(call, "draft", "open"))
    if "payment_method" in call.params:
        good = behaviour_of(method_of(call, call.params["payment_method"])) is not Card.DECLINED
    else:
        good = card_is_good(call.world, invoice["customer"])
    if not good:
        invoices.fail(call.world, call.account, invoice, None)
        raise CardDeclined
    invoices.pay(call.world, call.account, invoice)
    return invoice


def _send(call: Call) -> Json:
    """By mail at Stripe; nobody is written to here."""
    invoice = _in_state(call, "draft", "open")
    if invoice["collection_method"] != "send_invoice":
        raise ApiError("You can only send an invoice whose collection method is `send_invoice`.")
    return _tell(call, _finalized(call, invoice), "sent")


def _ends(status: str, stamp: str) -> Callable[[Call], Json]:
    def end(call: Call) -> Json:
        invoice = _in_state(call, "open")
        invoice["status"] = status
        invoice["status_transitions"][stamp] = call.world.clock.now()
        return _tell(call, invoice, "voided" if status == "void" else "marked_uncollectible")

    return end


def _delete(call: Call) -> Json:
    invoice = _in_state(call, "draft")
    call.world.events.emit("invoice.deleted", invoice, call.account)
    call.world.store.change("DELETE FROM objects WHERE id = ?", invoice["id"])
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


_ACT = frozenset({"expand"})
OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/invoiceitems",
        params=sdk.InvoiceItemCreateParams,
        handler=_add_item,
        simulated=frozenset({"amount", "currency", "customer", "description", "metadata", "expand"}),
    ),
    Operation(
        method="POST",
        path="/v1/invoices",
        params=sdk.InvoiceCreateParams,
        handler=_create,
        simulated=frozenset(
            {
                *("collection_method", "customer", "days_until_due", "description", "expand", "metadata"),
                "pending_invoice_items_behavior",
            }
        ),
    ),
    Operation(
        method="POST",
        path="/v1/invoices/{}",
        params=sdk.InvoiceUpdateParams,
        handler=_update,
        simulated=frozenset({"metadata", "expand"}),
    ),
    Operation(
        method="POST",
        path="/v1/invoices/{}/finalize",
        params=sdk.InvoiceFinalizeInvoiceParams,
        handler=_finalize,
        simulated=_ACT,
    ),
    Operation(
        method="POST",
        path="/v1/invoices/{}/pay",
        params=sdk.InvoicePayParams,
        handler=_pay,
        simulated=frozenset({"payment_method", "expand"}),
    ),
    Operation(
        method="POST",
        path="/v1/invoices/{}/send",
        params=sdk.InvoiceSendInvoiceParams,
        handler=_send,
        simulated=_ACT,
    ),
    Operation(
        method="POST",
        path="/v1/invoices/{}/void",
        params=sdk.InvoiceVoidInvoiceParams,
        handler=_ends("void", "voided_at"),
        simulated=_ACT,
    ),
    Operation(
        method="POST",
        path="/v1/invoices/{}/mark_uncollectible",
        params=sdk.InvoiceMarkUncollectibleParams,
        handler=_ends("uncollectible", "marked_uncollectible_at"),
        simulated=_ACT,
    ),
    Operation(method="DELETE", path="/v1/invoices/{}", params=sdk.InvoiceDeleteParams, handler=_delete),
)
