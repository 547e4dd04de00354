"""Disputes: a cardholder's bank takes the money, and gives it back or doesn't. https://docs.stripe.com/api/disputes"""

from __future__ import annotations

from collections.abc import Callable

from stripe import params as sdk

from devstack.simulator.errors import ApiError
from devstack.simulator.parameters import check_metadata
from devstack.simulator.payment_methods import Card
from devstack.simulator.rendering import matching, page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save

# https://docs.stripe.com/disputes/how-disputes-work says 7 to 21 days, by the card network.
_ANSWER_WITHIN_SECONDS = 9 * 24 * 3600
OPEN = ("needs_response", "under_review")
# A question of the bank's, before there is a dispute: no money is taken, and it can come to nothing.
INQUIRIES = ("warning_needs_response", "warning_under_review")
_EVIDENCE = (
    *("access_activity_log", "appeal", "billing_address", "cancellation_policy", "cancellation_policy_disclosure"),
    *("cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name"),
    *("customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation"),
    *("duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure"),
    *("refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier"),
    *("shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file"),
    "uncategorized_text",
)


def open_dispute(world: World, account: str, charge: Json, reason: str | None, *, inquiry: bool = False) -> Json:
    """The bank takes back what is left of a charge, or asks. Raises ApiError where it is disputed or gone already."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge["disputed"] or left == 0:
        raise ApiError(f"Charge {charge['id']} has nothing left to dispute.", code="charge_not_disputable")
    now = world.clock.now()
    dispute: Json = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": left,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + _ANSWER_WITHIN_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason or "general",
        "status": INQUIRIES[0] if inquiry else OPEN[0],
    }
    charge["disputed"] = True
    save(world, account, charge)
    save(world, account, dispute)
    world.events.emit("charge.dispute.created", dispute, account)
    if not inquiry:
        world.events.emit("charge.dispute.funds_withdrawn", dispute, account)
    return dispute


def bank_reacts(world: World, account: str, intent: Json, card: Card) -> None:
    """What follows at once from some of the test cards, once they have paid."""
    if card not in (Card.INQUIRED, Card.DISPUTED) or intent["status"] != "succeeded":
        return
    charge = world.store.get("charge", intent["latest_charge"], account)
    assert charge is not None  # who succeeded has been charged
    open_dispute(world, account, charge, "fraudulent", inquiry=card is Card.INQUIRED)


def answer(world: World, account: str, dispute: Json) -> Json:
    """The merchant has sent evidence: the bank decides."""
    dispute["status"] = INQUIRIES[1] if dispute["status"] in INQUIRIES else "under_review"
    dispute["evidence_details"].update(has_evidence=True, submission_count=1, submission_method="manual")
    save(world, account, dispute)
    world.events.emit("charge.dispute.updated", dispute, account)
    return dispute


def win(world: World, account: str, dispute: Json) -> Json:
    dispute["status"] = "won"
    save(world, account, dispute)
    world.events.emit("charge.dispute.closed", dispute, account)
    world.events.emit("charge.dispute.funds_reinstated", dispute, account)
    return dispute


def lose(world: World, account: str, dispute: Json) -> Json:
    dispute["status"] = "lost"
    save(world, account, dispute)
    world.events.emit("charge.dispute.closed", dispute, account)
    return dispute


ACTS: dict[str, Callable[[World, str, Json], Json]] = {"answer": answer, "win": win, "lose": lose}


def dispute_of(world: World, account: str, charge: Json) -> Json | None:
    """The charge's newest."""
    return next((one for one in world.store.every("dispute", account) if one["charge"] == charge["id"]), None)


def _retrieve(call: Call) -> Json:
    return call.find("dispute")


def _update(call: Call) -> Json:
    dispute = call.find("dispute")
    dispute["metadata"].update(check_metadata(call.params))
    save(call.world, call.account, dispute)
    call.world.events.emit("charge.dispute.updated", dispute, call.account)
    return dispute


def _close(call: Call) -> Json:
    """The merchant gives in: a dispute is lost by it, an inquiry is over."""
    dispute = call.find("dispute")
    if dispute["status"] in INQUIRIES:
        dispute["status"] = "warning_closed"
        save(call.world, call.account, dispute)
        call.world.events.emit("charge.dispute.closed", dispute, call.account)
        return dispute
    if dispute["status"] not in OPEN:
        raise ApiError("This dispute is already closed.")
    return lose(call.world, call.account, dispute)


def _list(call: Call) -> Json:
    items = matching(call.world.store.every("dispute", call.account), call.params, "payment_intent", "charge")
    return page(items, call.params, "/v1/disputes")


OPERATIONS = (
    Operation(method="GET", path="/v1/disputes", params=sdk.DisputeListParams, handler=_list),
    Operation(method="GET", path="/v1/disputes/{}", params=sdk.DisputeRetrieveParams, handler=_retrieve),
    Operation(
        method="POST",
        path="/v1/disputes/{}",
        params=sdk.DisputeUpdateParams,
        handler=_update,
        simulated=frozenset({"metadata", "expand"}),
    ),
    Operation(
        method="POST",
        path="/v1/disputes/{}/close",
        params=sdk.DisputeCloseParams,
        handler=_close,
        simulated=frozenset({"expand"}),
    ),
)
