"""Products and prices, as far as a checkout needs them. https://docs.stripe.com/api/products"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.checkout_lines import price_from
from devstack.simulator.config import PLATFORM_ACCOUNT
from devstack.simulator.parameters import check_metadata
from devstack.simulator.rendering import matching, page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save

# What the installation sells to practices: there from the start, so that their ids can be settings.
PLAN_MONTHLY, PLAN_YEARLY = "price_simportalmonthly", "price_simportalyearly"
_PORTAL = {"id": "prod_simportal", "name": "Client Portal"}


def seed_plans(world: World) -> None:
    """The demo's plans: 29 dollars a month, or 290 a year."""
    with world.store.transaction():
        if world.store.get("product", _PORTAL["id"]) is not None:
            return
        _create_product(Call(world=world, account=PLATFORM_ACCOUNT, params=_PORTAL))
        for id_, interval, amount in ((PLAN_MONTHLY, "month", 2900), (PLAN_YEARLY, "year", 29000)):
            data = {
                "currency": "usd",
                "product": _PORTAL["id"],
                "unit_amount": amount,
                "recurring": {"interval": interval},
            }
            price = price_from(Call(world=world, account=PLATFORM_ACCOUNT, params=data), data, "")
            save(world, PLATFORM_ACCOUNT, price | {"id": id_, "active": True})


def _create_product(call: Call) -> Json:
    now = call.world.clock.now()
    product: Json = {
        "id": call.params.get("id") or new_id("prod"),
        "object": "product",
        "active": call.params.get("active", True),
        "created": now,
        "default_price": None,
        "description": call.params.get("description"),
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": check_metadata(call.params),
        "name": call.params["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
    }
    save(call.world, call.account, product)
    call.world.events.emit("product.created", product, call.account)
    return product


def _create_price(call: Call) -> Json:
    price = price_from(call, call.params, "")
    price["active"] = True
    if "product" not in call.params:
        data = {"name": price["_name"], "id": price["product"]}
        _create_product(Call(world=call.world, account=call.account, params=data))
    save(call.world, call.account, price)
    call.world.events.emit("price.created", price, call.account)
    return price


def _retrieve_product(call: Call) -> Json:
    return call.find("product")


def _retrieve_price(call: Call) -> Json:
    return call.find("price")


def _list_products(call: Call) -> Json:
    return page(
        matching(call.world.store.every("product", call.account), call.params, "active"), call.params, "/v1/products"
    )


def _list_prices(call: Call) -> Json:
    items = matching(
        call.world.store.every("price", call.account), call.params, "active", "product", "currency", "type"
    )
    return page(items, call.params, "/v1/prices")


_PAGING = frozenset({"limit", "starting_after", "ending_before", "created", "expand", "active"})
OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/products",
        params=sdk.ProductCreateParams,
        handler=_create_product,
        simulated=frozenset({"name", "id", "active", "description", "metadata", "expand"}),
    ),
    Operation(
        method="GET", path="/v1/products", params=sdk.ProductListParams, handler=_list_products, simulated=_PAGING
    ),
    Operation(method="GET", path="/v1/products/{}", params=sdk.ProductRetrieveParams, handler=_retrieve_product),
    Operation(
        method="POST",
        path="/v1/prices",
        params=sdk.PriceCreateParams,
        handler=_create_price,
        simulated=frozenset(
            {"currency", "unit_amount", "product", "product_data", "recurring", "nickname", "metadata", "expand"}
        ),
    ),
    Operation(
        method="GET",
        path="/v1/prices",
        params=sdk.PriceListParams,
        handler=_list_prices,
        simulated=_PAGING | {"product", "currency", "type"},
    ),
    Operation(method="GET", path="/v1/prices/{}", params=sdk.PriceRetrieveParams, handler=_retrieve_price),
)
