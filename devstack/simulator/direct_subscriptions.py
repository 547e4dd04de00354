"""Subscriptions begun by API, past any checkout, as Stripe's CLI does. https://docs.stripe.com/api/subscriptions/create"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator import subscriptions
from devstack.simulator.customers import card_is_good, default_method
from devstack.simulator.errors import ApiError, missing_param, not_simulated
from devstack.simulator.parameters import check_metadata
from devstack.simulator.rendering import render
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation


def _create(call: Call) -> Json:
    params = call.params
    if "customer" not in params:
        raise missing_param("customer")
    customer = call.find("customer", params["customer"], "customer")["id"]
    if len(params.get("items") or []) != 1:
        raise not_simulated("a subscription of other than one item", "items")
    (item,) = params["items"]
    if unknown := set(item) - {"price", "quantity"}:
        raise not_simulated("that parameter", f"items[0][{min(unknown)}]")
    if "price" not in item:
        raise missing_param("items[0][price]")
    price = render(call.find("price", item["price"], "items[0][price]"))
    if price["type"] != "recurring":
        message = "The price specified is set to `type=one_time` but this field only accepts recurring prices."
        raise ApiError(message, param="items[0][price]")
    if default_method(call.world, customer) is None:
        message = "This customer has no attached payment source or default payment method."
        raise ApiError(message, code="resource_missing")
    if not card_is_good(call.world, customer):
        raise not_simulated("a subscription whose first payment fails", "customer")
    return subscriptions.start(
        call.world, call.account, customer, price, item.get("quantity", 1), check_metadata(params)
    )[0]


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/subscriptions",
        params=sdk.SubscriptionCreateParams,
        handler=_create,
        simulated=frozenset({"customer", "items", "metadata", "expand"}),
    ),
)
