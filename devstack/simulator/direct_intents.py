"""Payment intents made by API, past any checkout, as Stripe's CLI does. https://docs.stripe.com/api/payment_intents/create"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.disputes import bank_reacts
from devstack.simulator.errors import ApiError, CardDeclined, not_simulated
from devstack.simulator.intents import authorise, blank, decline
from devstack.simulator.parameters import check_metadata
from devstack.simulator.payment_methods import Card, behaviour_of, method_of
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, new_id, save


def _create(call: Call) -> Json:
    params = call.params
    if params["amount"] < 1:
        raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    types = params.get("allowed_payment_method_types", ["card"])
    if types != ["card"]:
        raise not_simulated("a payment method other than card", "allowed_payment_method_types")
    if "return_url" in params and not params.get("confirm"):
        raise ApiError("You may only specify `return_url` with `confirm=true`.", param="return_url")
    if params.get("confirm") and "payment_method" not in params:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise ApiError(message, code="payment_intent_unexpected_state")
    intent = save(call.world, call.account, _intent(call))
    call.world.events.emit("payment_intent.created", intent, call.account)
    return _confirm(call, intent) if params.get("confirm") else intent


def _intent(call: Call) -> Json:
    params, id_ = call.params, new_id("pi")
    method = method_of(call, params["payment_method"]) if "payment_method" in params else None
    return blank() | {
        "id": id_,
        "amount": params["amount"],
        "capture_method": params.get("capture_method", "automatic"),
        "client_secret": f"{id_}_secret_{new_id('sim')}",
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": call.world.clock.now(),
        "currency": params["currency"].lower(),
        "description": params.get("description"),
        "metadata": check_metadata(params),
        "payment_method": method["id"] if method else None,
        "payment_method_types": ["card"],
        "shipping": params.get("shipping"),
        "status": "requires_confirmation" if method else "requires_payment_method",
        "_session": None,
    }


def _confirm(call: Call, intent: Json) -> Json:
    card = behaviour_of(method_of(call, intent["payment_method"]))
    if card is Card.DECLINED:
        decline(call.world, call.account, intent)
        raise CardDeclined(payment_intent=intent)
    authorise(call.world, call.account, intent, intent["payment_method"])
    bank_reacts(call.world, call.account, intent, card)
    return intent


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/payment_intents",
        params=sdk.PaymentIntentCreateParams,
        handler=_create,
        simulated=frozenset(
            {
                *("allowed_payment_method_types", "amount", "capture_method", "confirm", "confirmation_method"),
                *("currency", "description", "expand", "metadata", "payment_method", "return_url", "shipping"),
            }
        ),
    ),
)
