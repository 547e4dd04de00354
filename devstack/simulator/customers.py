"""Customers, minimal: who a subscription is sold to, and whether their card is good. https://docs.stripe.com/api/customers"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.errors import not_simulated
from devstack.simulator.parameters import check_metadata
from devstack.simulator.payment_methods import Card, behaviour_of, method_of
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


def default_method(world: World, id_: str) -> str | None:
    """What their invoices are charged to, where the API has set it."""
    customer = world.store.get("customer", id_)
    return customer["invoice_settings"]["default_payment_method"] if customer is not None else None


def _take_cards(call: Call, customer: Json) -> None:
    """Attach the methods that the request names; the default one is what invoices are charged to."""
    settings = call.params.get("invoice_settings") or {}
    if unknown := set(settings) - {"default_payment_method"}:
        raise not_simulated("that parameter", f"invoice_settings[{min(unknown)}]")
    named, default = call.params.get("payment_method"), settings.get("default_payment_method")
    # The same test card named twice is one: Stripe's own fixtures rely on it.
    methods = {id_: method_of(call, id_) for id_ in (named, default) if id_}
    for method in methods.values():
        save(call.world, call.account, method | {"customer": customer["id"]})
    if default:
        customer["invoice_settings"]["default_payment_method"] = methods[default]["id"]
        customer["_card_is_good"] = behaviour_of(methods[default]) is not Card.DECLINED


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
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": check_metadata(call.params),
        "name": call.params.get("name"),
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "_card_is_good": True,
    }
    _take_cards(call, customer)
    save(call.world, call.account, customer)
    call.world.events.emit("customer.created", customer, call.account)
    return customer


def _update(call: Call) -> Json:
    customer = call.find("customer")
    customer["metadata"].update(check_metadata(call.params))
    customer.update({name: call.params[name] for name in ("description", "email", "name") if name in call.params})
    _take_cards(call, customer)
    save(call.world, call.account, customer)
    call.world.events.emit("customer.updated", customer, call.account)
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
        simulated=frozenset(
            {"description", "email", "expand", "invoice_settings", "metadata", "name", "payment_method"}
        ),
    ),
    Operation(
        method="GET",
        path="/v1/customers",
        params=sdk.CustomerListParams,
        handler=_list,
        simulated=frozenset({"limit", "starting_after", "ending_before", "created", "expand"}),
    ),
    Operation(
        method="POST",
        path="/v1/customers/{}",
        params=sdk.CustomerUpdateParams,
        handler=_update,
        simulated=frozenset({"description", "email", "expand", "invoice_settings", "metadata", "name"}),
    ),
    Operation(method="GET", path="/v1/customers/{}", params=sdk.CustomerRetrieveParams, handler=_retrieve),
)
