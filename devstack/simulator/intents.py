"""Payment intents and their charges: authorised, captured, let go, declined.

Source: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method and https://docs.stripe.com/api/payment_intents
"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.charges import authorisation_of, confirmation, new_charge
from devstack.simulator.errors import ApiError
from devstack.simulator.rendering import matching, page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save

CANCELABLE = ("requires_capture",)


def _new_intent(world: World, session: Json) -> Json:
    intent_id = new_id("pi")
    data = session["_payment_intent_data"]
    return blank() | {
        "id": intent_id,
        "amount": session["amount_total"],
        "capture_method": data.get("capture_method", "automatic"),
        "client_secret": f"{intent_id}_secret_{new_id('sim')}",
        "created": world.clock.now(),
        "currency": session["currency"],
        "description": data.get("description"),
        "metadata": data.get("metadata") or {},
        "shipping": data.get("shipping"),
        "payment_method_types": list(session["payment_method_types"]),
        "_session": session["id"],
    }


def blank() -> Json:
    """An intent that nobody has paid yet, without what its maker knows."""
    return {
        "object": "payment_intent",
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "confirmation_method": "automatic",
        "customer": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def intent_of(world: World, account: str, session: Json) -> Json:
    """The session's intent, made at the first attempt to pay (as Stripe does)."""
    if session["payment_intent"] is not None:
        intent = world.store.get("payment_intent", session["payment_intent"], account)
        assert intent is not None  # what a session names is never deleted
        return intent
    intent = save(world, account, _new_intent(world, session))
    session["payment_intent"] = intent["id"]
    world.events.emit("payment_intent.created", intent, account)
    return intent


def ask_cardholder(world: World, account: str, intent: Json) -> Json:
    """The card's bank wants its holder to confirm (3-D Secure): nothing is charged before they have."""
    # What to do next is for the page's own script; the merchant only sees that something is.
    action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    intent.update(status="requires_action", next_action=action, payment_method=new_id("pm"), last_payment_error=None)
    save(world, account, intent)
    world.events.emit("payment_intent.requires_action", intent, account)
    return intent


def refuse_cardholder(world: World, account: str, intent: Json) -> Json:
    """They didn't confirm, or not as the bank knows them: no charge, and the intent waits for another card."""
    error = {
        "type": "invalid_request_error",
        "code": "payment_intent_authentication_failure",
        "message": "We are unable to authenticate your payment method. Please choose a different one and try again.",
    }
    intent.update(status="requires_payment_method", next_action=None, payment_method=None, last_payment_error=error)
    save(world, account, intent)
    world.events.emit("payment_intent.payment_failed", intent, account)
    return intent


def authorise(world: World, account: str, intent: Json, method: str | None = None, *, confirmed: bool = False) -> Json:
    """The card is good: the money is held, or with `automatic` capture taken at once.

    `confirmed`: its holder was asked by the bank, and this is what the payment waited for.
    """
    manual = intent["capture_method"] == "manual"
    charge = new_charge(world, intent, captured=not manual)
    charge["payment_method"] = method or (intent["payment_method"] if confirmed else charge["payment_method"])
    if confirmed:
        charge["payment_method_details"]["card"]["three_d_secure"] = confirmation()
    intent.update(latest_charge=charge["id"], payment_method=charge["payment_method"], last_payment_error=None)
    intent["next_action"] = None
    due_at = None
    if manual:
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        due_at = authorisation_of(charge)
    else:
        intent.update(status="succeeded", amount_received=intent["amount"])
    save(world, account, charge)
    save(world, account, intent, due_at)
    world.events.emit("charge.succeeded", charge, account)
    told = "payment_intent.amount_capturable_updated" if manual else "payment_intent.succeeded"
    world.events.emit(told, intent, account)
    return intent


def decline(world: World, account: str, intent: Json) -> Json:
    """The card is refused; the intent goes on waiting for another one."""
    charge = new_charge(world, intent, captured=False, declined=True)
    error = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "generic_decline",
        "message": "Your card was declined.",
        "charge": charge["id"],
    }
    intent.update(latest_charge=charge["id"], last_payment_error=error, status="requires_payment_method")
    intent.update(payment_method=None, next_action=None)
    save(world, account, charge)
    save(world, account, intent)
    world.events.emit("charge.failed", charge, account)
    world.events.emit("payment_intent.payment_failed", intent, account)
    return intent


def let_go(world: World, account: str, intent: Json, reason: str | None) -> Json:
    """Cancel: what was held goes back, uncaptured."""
    if intent["status"] == "requires_capture":
        charge = world.store.get("charge", intent["latest_charge"], account)
        assert charge is not None
        charge.update(refunded=True, amount_refunded=charge["amount"])
        save(world, account, charge)
        # An authorisation that ran out expires; one that is cancelled is refunded.
        world.events.emit("charge.expired" if reason == "automatic" else "charge.refunded", charge, account)
    now = world.clock.now()
    intent.update(status="canceled", canceled_at=now, cancellation_reason=reason, amount_capturable=0, next_action=None)
    save(world, account, intent)
    world.events.emit("payment_intent.canceled", intent, account)
    return intent


def _unexpected_state(intent: Json, act: str, wanted: str) -> ApiError:
    message = (
        f"This PaymentIntent could not be {act} because it has a status of {intent['status']}. Only a PaymentIntent "
        f"with one of the following statuses may be {act}: {wanted}."
    )
    shown = {key: value for key, value in intent.items() if not key.startswith("_")}
    return ApiError(message, code="payment_intent_unexpected_state", payment_intent=shown)


def _capture(call: Call) -> Json:
    intent = call.find("payment_intent")
    if intent["status"] != "requires_capture":
        raise _unexpected_state(intent, "captured", "requires_capture")
    capturable: int = intent["amount_capturable"]
    amount: int = call.params.get("amount_to_capture", capturable)
    if not 0 < amount <= capturable:
        message = "The amount_to_capture is not between 1 and the amount_capturable of this PaymentIntent."
        raise ApiError(message, code="amount_too_large", param="amount_to_capture")
    charge = call.find("charge", intent["latest_charge"])
    charge.update(captured=True, amount_captured=amount, amount_refunded=charge["amount"] - amount)
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
    intent["metadata"].update(call.params.get("metadata") or {})
    save(call.world, call.account, charge)
    save(call.world, call.account, intent)
    if intent["_session"] is not None:
        _mark_paid(call, intent["_session"])
    call.world.events.emit("charge.captured", charge, call.account)
    call.world.events.emit("payment_intent.succeeded", intent, call.account)
    return intent


def _mark_paid(call: Call, session_id: str) -> None:
    session = call.find("checkout.session", session_id)
    session["payment_status"] = "paid"
    save(call.world, call.account, session)


def _cancel(call: Call) -> Json:
    intent = call.find("payment_intent")
    if intent["status"] in ("canceled", "succeeded"):
        raise _unexpected_state(intent, "canceled", "requires_capture")
    if intent["_session"] is not None and intent["status"] not in CANCELABLE:
        # The intent of an open Checkout Session is ended by expiring the session.
        message = "You cannot cancel this PaymentIntent: expire its Checkout Session instead."
        raise ApiError(message, code="payment_intent_unexpected_state")
    return let_go(call.world, call.account, intent, call.params.get("cancellation_reason"))


def _retrieve(call: Call) -> Json:
    return call.find("payment_intent")


def _list(call: Call) -> Json:
    items = matching(call.world.store.every("payment_intent", call.account), call.params, "customer")
    return page(items, call.params, "/v1/payment_intents")


_PAGING = frozenset({"limit", "starting_after", "ending_before", "created", "expand"})
OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/payment_intents",
        params=sdk.PaymentIntentListParams,
        handler=_list,
        simulated=_PAGING | {"customer"},
    ),
    Operation(
        method="GET",
        path="/v1/payment_intents/{}",
        params=sdk.PaymentIntentRetrieveParams,
        handler=_retrieve,
        simulated=frozenset({"expand", "client_secret"}),
    ),
    Operation(
        method="POST",
        path="/v1/payment_intents/{}/capture",
        params=sdk.PaymentIntentCaptureParams,
        handler=_capture,
        simulated=frozenset({"amount_to_capture", "metadata", "expand"}),
    ),
    Operation(
        method="POST",
        path="/v1/payment_intents/{}/cancel",
        params=sdk.PaymentIntentCancelParams,
        handler=_cancel,
        simulated=frozenset({"cancellation_reason", "expand"}),
    ),
)
