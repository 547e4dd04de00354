"""How Stripe's CLI pays a checkout without a browser: by the page's own calls, which no SDK declares.

Source: the triggers of https://github.com/stripe/stripe-cli (checkout.session.completed)
"""

from __future__ import annotations

from typing import TypedDict

from devstack.simulator import payers
from devstack.simulator.disputes import bank_reacts
from devstack.simulator.errors import ApiError, CardDeclined, missing_param
from devstack.simulator.payment_methods import Card, behaviour_of, method_of
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation


class Look(TypedDict):
    """Nothing is asked but the session in the path."""


class Confirmation(TypedDict, total=False):
    """`expected_amount` in minor units: what the payer was shown."""

    payment_method: str
    expected_amount: int


def _retrieve(call: Call) -> Json:
    return call.find("checkout.session")


def _confirm(call: Call) -> Json:
    session = call.find("checkout.session")
    if "payment_method" not in call.params:
        raise missing_param("payment_method")
    if session["status"] != "open":
        raise ApiError("This Checkout Session is no longer active.", code="checkout_not_active_session")
    if call.params.get("expected_amount", session["amount_total"]) != session["amount_total"]:
        raise ApiError("The expected amount does not match the amount due.", param="expected_amount")
    card = behaviour_of(method_of(call, call.params["payment_method"]))
    if card is Card.DECLINED:
        payers.be_declined(call.world, session["id"])
        raise CardDeclined
    paid = payers.pay(call.world, session["id"])
    if paid["payment_intent"] is not None:
        bank_reacts(call.world, call.account, call.find("payment_intent", paid["payment_intent"]), card)
    return paid


OPERATIONS = (
    Operation(method="GET", path="/v1/payment_pages/{}", params=Look, handler=_retrieve),
    Operation(method="POST", path="/v1/payment_pages/{}/confirm", params=Confirmation, handler=_confirm),
)
