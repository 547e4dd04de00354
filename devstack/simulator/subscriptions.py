"""Subscriptions: begun by a checkout, renewed or refused as time goes by, and ended. https://docs.stripe.com/api/subscriptions"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator import invoices, plan_changes
from devstack.simulator.customers import card_is_good
from devstack.simulator.errors import ApiError
from devstack.simulator.parameters import check_metadata
from devstack.simulator.periods import later
from devstack.simulator.rendering import matching, page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save

# After a refused renewal the card is tried again on these days; then the subscription ends (as set in the dashboard).
RETRY_DAYS = (3, 8, 15)
_DAY = 24 * 3600
_OVER = ("canceled", "incomplete_expired")


def begin(world: World, account: str, session: Json) -> tuple[Json, Json]:
    """The subscription of a checkout that was paid, and its first invoice."""
    (line,) = session["_line_items"]["data"]
    metadata = session["_subscription_data"].get("metadata") or {}
    return start(world, account, session["customer"], line["price"], line["quantity"], metadata)


def start(
    world: World, account: str, customer: str, price: Json, quantity: int, metadata: dict[str, str]
) -> tuple[Json, Json]:
    """A subscription to one price, its first invoice paid."""
    now, id_ = world.clock.now(), new_id("sub")
    recurring = price["recurring"]
    item: Json = {
        "id": new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": now,
        "current_period_end": later(now, now, recurring["interval"], recurring["interval_count"]),
        "current_period_start": now,
        "discounts": [],
        "metadata": {},
        "plan": _plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": id_,
        "tax_rates": [],
    }
    subscription = _blank() | {
        "id": id_,
        "billing_cycle_anchor": now,
        "created": now,
        "currency": price["currency"],
        "customer": customer,
        "items": {
            "object": "list",
            "data": [item],
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={id_}",
        },
        "metadata": metadata,
        "start_date": now,
    }
    invoice = invoices.invoice_for(world, account, subscription, "subscription_create")
    subscription["latest_invoice"] = invoice["id"]
    _keep(world, account, subscription)
    world.events.emit("customer.subscription.created", subscription, account)
    invoices.pay(world, account, invoice)
    return subscription, invoice


def let_time_act(world: World, account: str, subscription: Json) -> None:
    """What was due has come: the end of the period, or another try of a card that was refused."""
    if subscription["status"] == "past_due":
        _try_again(world, account, subscription)
        return
    (item,) = subscription["items"]["data"]
    if subscription["cancel_at_period_end"]:
        end(world, account, subscription, item["current_period_end"])
        return
    recurring, start = item["price"]["recurring"], item["current_period_end"]
    item["current_period_start"] = start
    item["current_period_end"] = later(
        start, subscription["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"]
    )
    invoice = invoices.invoice_for(world, account, subscription, "subscription_cycle")
    subscription.update(latest_invoice=invoice["id"], _retries=0)
    _charge(world, account, subscription, invoice)


def settle(world: World, account: str, invoice: Json) -> None:
    """An open invoice is paid at its page: what waited for it goes on."""
    invoices.pay(world, account, invoice)
    if invoice["parent"] is None:
        return  # asked for by itself, and for no subscription
    id_ = invoice["parent"]["subscription_details"]["subscription"]
    subscription = world.store.get("subscription", id_, account)
    assert subscription is not None  # what an invoice names is never deleted
    if subscription["status"] == "past_due" and subscription["latest_invoice"] == invoice["id"]:
        subscription.update(status="active", _next_try=None)
        _updated(world, account, subscription)


def end(world: World, account: str, subscription: Json, at: int) -> Json:
    subscription.update(status="canceled", ended_at=at, _next_try=None)
    subscription["canceled_at"] = subscription["canceled_at"] or at
    save(world, account, subscription)
    world.events.emit("customer.subscription.deleted", subscription, account)
    return subscription


def _try_again(world: World, account: str, subscription: Json) -> None:
    invoice = world.store.get("invoice", subscription["latest_invoice"], account)
    assert invoice is not None
    subscription["_retries"] += 1
    _charge(world, account, subscription, invoice)


def _charge(world: World, account: str, subscription: Json, invoice: Json) -> None:
    # What is paid of credit asks no card.
    if not invoice["amount_due"] or card_is_good(world, subscription["customer"]):
        invoices.pay(world, account, invoice)
        subscription.update(status="active", _next_try=None)
        _updated(world, account, subscription)
        return
    (item,) = subscription["items"]["data"]
    tries = subscription["_retries"]
    over = tries >= len(RETRY_DAYS)
    next_try = None if over else item["current_period_start"] + RETRY_DAYS[tries] * _DAY
    invoices.fail(world, account, invoice, next_try)
    if over:
        end(world, account, subscription, item["current_period_start"] + RETRY_DAYS[-1] * _DAY)
        return
    subscription.update(status="past_due", _next_try=next_try)
    _updated(world, account, subscription)


def _updated(world: World, account: str, subscription: Json) -> None:
    _keep(world, account, subscription)
    world.events.emit("customer.subscription.updated", subscription, account)


def _keep(world: World, account: str, subscription: Json) -> Json:
    (item,) = subscription["items"]["data"]
    due = None if subscription["status"] in _OVER else subscription["_next_try"] or item["current_period_end"]
    return save(world, account, subscription, due)


def _plan(price: Json) -> Json:
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": True,
        "amount": price["unit_amount"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": {},
        "product": price["product"],
        "usage_type": "licensed",
    }


def _blank() -> Json:
    return {
        "object": "subscription",
        "application": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_mode": {"type": "flexible", "flexible": None},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "days_until_due": None,
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "livemode": False,
        "pause_collection": None,
        "pending_setup_intent": None,
        "schedule": None,
        "status": "active",
        "trial_end": None,
        "trial_start": None,
        "_next_try": None,
        "_retries": 0,
    }


def _retrieve(call: Call) -> Json:
    return call.find("subscription")


def _list(call: Call) -> Json:
    wanted = call.params.get("status")
    items = matching(call.world.store.every("subscription", call.account), call.params, "customer")
    if wanted is None:
        items = [one for one in items if one["status"] != "canceled"]
    elif wanted == "ended":
        items = [one for one in items if one["status"] in _OVER]
    elif wanted != "all":
        items = [one for one in items if one["status"] == wanted]
    return page(items, call.params, "/v1/subscriptions")


def _update(call: Call) -> Json:
    subscription = call.find("subscription")
    if subscription["status"] in _OVER:
        raise ApiError("A canceled subscription can only update its cancellation_details and metadata.")
    if "items" in call.params and plan_changes.change_price(call, subscription):
        (item,) = subscription["items"]["data"]
        item["plan"] = _plan(item["price"])
    subscription["metadata"].update(check_metadata(call.params))
    wanted = call.params.get("cancel_at_period_end")
    if wanted is not None:
        renew(call.world, subscription, not wanted)
    _updated(call.world, call.account, subscription)
    return subscription


def renew(world: World, subscription: Json, wanted: bool) -> None:
    (item,) = subscription["items"]["data"]
    subscription.update(
        cancel_at_period_end=not wanted,
        cancel_at=None if wanted else item["current_period_end"],
        canceled_at=None if wanted else world.clock.now(),
    )


def change_renewal(world: World, id_: str, *, renews: bool) -> Json | None:
    """What its owner does in the billing portal; None where there is nothing to change."""
    with world.store.transaction():
        subscription = world.store.get("subscription", id_)
        if subscription is None or subscription["status"] in _OVER:
            return None
        renew(world, subscription, renews)
        _updated(world, world.store.owner(id_), subscription)
        return subscription


def cancel_now(world: World, id_: str) -> Json | None:
    """What is done to it in the dashboard, without a word to anybody."""
    with world.store.transaction():
        subscription = world.store.get("subscription", id_)
        if subscription is None or subscription["status"] in _OVER:
            return None
        return end(world, world.store.owner(id_), subscription, world.clock.now())


def _cancel(call: Call) -> Json:
    subscription = call.find("subscription")
    if subscription["status"] in _OVER:
        raise ApiError("No such subscription.", status=404, code="resource_missing", param="id")
    return end(call.world, call.account, subscription, call.world.clock.now())


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/subscriptions",
        params=sdk.SubscriptionListParams,
        handler=_list,
        simulated=frozenset({"limit", "starting_after", "ending_before", "created", "expand", "customer", "status"}),
    ),
    Operation(method="GET", path="/v1/subscriptions/{}", params=sdk.SubscriptionRetrieveParams, handler=_retrieve),
    Operation(
        method="POST",
        path="/v1/subscriptions/{}",
        params=sdk.SubscriptionUpdateParams,
        handler=_update,
        simulated=frozenset(
            {
                *("cancel_at_period_end", "metadata", "expand"),
                *("items", "payment_behavior", "proration_behavior", "proration_date"),
            }
        ),
    ),
    Operation(
        method="DELETE",
        path="/v1/subscriptions/{}",
        params=sdk.SubscriptionCancelParams,
        handler=_cancel,
        simulated=frozenset({"expand"}),
    ),
)
