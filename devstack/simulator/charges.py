"""Charges: one attempt to take money from a card, and what became of it. https://docs.stripe.com/api/charges"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.rendering import matching, page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id

# A card's authorisation of an online payment lasts about a week.
# https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
AUTHORISATION_SECONDS = 7 * 24 * 3600


def _card(capture_before: int | None) -> Json:
    card: Json = {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "funding": "credit",
        "installments": None,
        "last4": "4242",
        "mandate": None,
        "network": "visa",
        "three_d_secure": None,
        "wallet": None,
    }
    if capture_before is not None:
        card["capture_before"] = capture_before
    return {"type": "card", "card": card}


def _outcome(declined: bool) -> Json:
    return {
        "advice_code": "try_again_later" if declined else None,
        "network_advice_code": None,
        "network_decline_code": "05" if declined else None,
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": "generic_decline" if declined else None,
        "risk_level": "normal",
        "seller_message": "The bank did not return any further details." if declined else "Payment complete.",
        "type": "issuer_declined" if declined else "authorized",
    }


def new_charge(world: World, intent: Json, *, captured: bool, declined: bool = False) -> Json:
    """A charge of the intent's whole amount."""
    now = world.clock.now()
    held = not captured and not declined
    return _blank() | {
        "id": new_id("ch"),
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "captured": captured,
        "created": now,
        "currency": intent["currency"],
        "description": intent["description"],
        "failure_code": "card_declined" if declined else None,
        "failure_message": "Your card was declined." if declined else None,
        "metadata": dict(intent["metadata"]),
        "outcome": _outcome(declined),
        "paid": not declined,
        "payment_intent": intent["id"],
        "payment_method": new_id("pm"),
        "payment_method_details": _card(now + AUTHORISATION_SECONDS if held else None),
        "status": "failed" if declined else "succeeded",
    }


def confirmation() -> Json:
    """How the bank had the payment confirmed. https://docs.stripe.com/payments/3d-secure"""
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": new_id("dst"),
        "version": "2.2.0",
    }


def _blank() -> Json:
    address = dict.fromkeys(["city", "country", "line1", "line2", "postal_code", "state"])
    return {
        "object": "charge",
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {"address": address, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "SIMULATION",
        "customer": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "fraud_details": {},
        "livemode": False,
        "on_behalf_of": None,
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "transfer_data": None,
        "transfer_group": None,
    }


def authorisation_of(charge: Json) -> int:
    """Until when an uncaptured charge can be captured (simulator's clock)."""
    return int(charge["payment_method_details"]["card"]["capture_before"])


def _retrieve(call: Call) -> Json:
    return call.find("charge")


def _list(call: Call) -> Json:
    items = matching(call.world.store.every("charge", call.account), call.params, "payment_intent", "customer")
    return page(items, call.params, "/v1/charges")


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/charges",
        params=sdk.ChargeListParams,
        handler=_list,
        simulated=frozenset(
            {"limit", "starting_after", "ending_before", "created", "expand", "payment_intent", "customer"}
        ),
    ),
    Operation(
        method="GET",
        path="/v1/charges/{}",
        params=sdk.ChargeRetrieveParams,
        handler=_retrieve,
        simulated=frozenset({"expand"}),
    ),
)
