"""Customers, minimal: who a subscription is sold to, and whether their card is good. https://docs.stripe.com/api/customers"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.parameters import check_metadata
from devstack.simulator.rendering import page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save


def card_is_good(world: World, id_: str) -> bool:
    customer = world.store.get("customer", id_)
    return customer is not None and bool(customer["_card_is_good"])


def change_card(world: World, id_: str, *, good: bool) -> Json | None:
    """What its owner does in the billing portal, or a bank to a card; None where there is no such customer."""
    with world.store.transaction():
        customer = world.store.get("customer", id_)
        if customer is None:
            return None
        account = world.store.owner(id_)
        save(world, account, customer | {"_card_is_good": good})
        world.events.emit("customer.updated", customer, account)
        return customer


def _create(call: Call) -> Json:
    customer: Json = {
        "id": new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.world.clock.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": call.params.get("description"),
        "email": call.params.get("email"),
        "livemode": False,
        "metadata": check_metadata(call.params),
        "name": call.params.get("name"),
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "_card_is_good": True,
    }
    save(call.world, call.account, customer)
    call.world.events.emit("customer.created", customer, call.account)
    return customer


def _retrieve(call: Call) -> Json:
    return call.find("customer")


def _list(call: Call) -> Json:
    return page(call.world.store.every("customer", call.account), call.params, "/v1/customers")


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/customers",
        params=sdk.CustomerCreateParams,
        handler=_create,
        simulated=frozenset({"description", "email", "expand", "metadata", "name"}),
    ),
    Operation(
        method="GET",
        path="/v1/customers",
        params=sdk.CustomerListParams,
        handler=_list,
        simulated=frozenset({"limit", "starting_after", "ending_before", "created", "expand"}),
    ),
    Operation(method="GET", path="/v1/customers/{}", params=sdk.CustomerRetrieveParams, handler=_retrieve),
)
