"""Payment methods: Stripe's own test cards by name, and how each behaves. https://docs.stripe.com/testing"""

from __future__ import annotations

from enum import StrEnum

from stripe import params as sdk

from devstack.simulator.errors import missing_param, not_simulated, resource_missing
from devstack.simulator.parameters import check_metadata
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, new_id, save


class Card(StrEnum):
    """What happens to whoever charges it."""

    GOOD = "good"
    DECLINED = "declined"
    INQUIRED = "inquired"  # paid, and the bank asks about it at once
    DISPUTED = "disputed"  # paid, and charged back at once


# Of Stripe's names (`pm_card_...`, `tok_...`) those whose behaviour is simulated.
_BEHAVIOUR = {
    "visa": Card.GOOD,
    "mastercard": Card.GOOD,
    "chargeDeclined": Card.DECLINED,
    "visa_chargeDeclined": Card.DECLINED,
    "chargeCustomerFail": Card.DECLINED,
    "createDisputeInquiry": Card.INQUIRED,
    "createDispute": Card.DISPUTED,
}


def method_of(call: Call, id_: str, param: str = "payment_method") -> Json:
    """The account's payment method, or a new one of a test card; raises `ApiError`."""
    found = call.world.store.get("payment_method", id_, call.account)
    if found is not None:
        return found
    if not id_.startswith("pm_card_"):
        raise resource_missing("PaymentMethod", id_, param)
    return _new(call, _behaviour(id_.removeprefix("pm_card_"), param))


def behaviour_of(method: Json) -> Card:
    return Card(method["_behaviour"])


def _behaviour(name: str, param: str) -> Card:
    if name not in _BEHAVIOUR:
        raise not_simulated(f"the test card {name}", param)
    return _BEHAVIOUR[name]


def _new(call: Call, behaviour: Card) -> Json:
    address = dict.fromkeys(["city", "country", "line1", "line2", "postal_code", "state"])
    given = call.params.get("billing_details") or {}
    details = {"email": None, "name": None, "phone": None, "tax_id": None} | given
    method: Json = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": details | {"address": address | (given.get("address") or {})},
        "card": {"brand": "visa", "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit"}
        | {"last4": "4242"},
        "created": call.world.clock.now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_behaviour": behaviour,
    }
    return save(call.world, call.account, method)


def _create(call: Call) -> Json:
    if call.params.get("type") != "card":
        raise not_simulated("a payment method other than card", "type")
    card = call.params.get("card") or {}
    if unknown := set(card) - {"token"}:
        # No number is ever typed into the simulator: there is nothing to steal.
        raise not_simulated("that parameter", f"card[{min(unknown)}]")
    if "token" not in card:
        raise missing_param("card[token]")
    if not card["token"].startswith("tok_"):
        raise resource_missing("token", card["token"], "card[token]")
    method = _new(call, _behaviour(card["token"].removeprefix("tok_"), "card[token]"))
    method["metadata"] = check_metadata(call.params)
    return save(call.world, call.account, method)


def _retrieve(call: Call) -> Json:
    return method_of(call, call.ids[0], "payment_method")


def _attach(call: Call) -> Json:
    method = method_of(call, call.ids[0])
    if "customer" not in call.params:
        raise missing_param("customer")
    method["customer"] = call.find("customer", call.params["customer"], "customer")["id"]
    save(call.world, call.account, method)
    call.world.events.emit("payment_method.attached", method, call.account)
    return method


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/payment_methods",
        params=sdk.PaymentMethodCreateParams,
        handler=_create,
        simulated=frozenset({"type", "card", "billing_details", "metadata", "expand"}),
    ),
    Operation(method="GET", path="/v1/payment_methods/{}", params=sdk.PaymentMethodRetrieveParams, handler=_retrieve),
    Operation(
        method="POST",
        path="/v1/payment_methods/{}/attach",
        params=sdk.PaymentMethodAttachParams,
        handler=_attach,
        simulated=frozenset({"customer", "expand"}),
    ),
)
