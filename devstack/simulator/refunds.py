"""Refunds: money given back, never more than was captured. https://docs.stripe.com/api/refunds"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.disputes import OPEN, dispute_of
from devstack.simulator.errors import ApiError, missing_param
from devstack.simulator.parameters import check_metadata
from devstack.simulator.rendering import matching, page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save


def _charge_of(call: Call) -> Json:
    params = call.params
    if "payment_intent" in params:
        intent = call.find("payment_intent", params["payment_intent"], "payment_intent")
        if intent["status"] != "succeeded":
            message = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise ApiError(message, code="payment_intent_unexpected_state", param="payment_intent")
        charge = call.find("charge", intent["latest_charge"])
    elif "charge" in params:
        charge = call.find("charge", params["charge"], "charge")
    else:
        raise missing_param("payment_intent")
    if params.get("charge", charge["id"]) != charge["id"]:
        raise ApiError("The charge does not belong to the PaymentIntent.", param="charge")
    if not charge["captured"]:
        raise ApiError(f"Charge {charge['id']} has not been captured: cancel its PaymentIntent.", param="charge")
    return charge


def _create(call: Call) -> Json:
    params = call.params
    return make(
        call.world,
        call.account,
        _charge_of(call),
        amount=params.get("amount"),
        metadata=check_metadata(params),
        reason=params.get("reason"),
    )


def make(
    world: World,
    account: str,
    charge: Json,
    *,
    amount: int | None,
    metadata: dict[str, str] | None = None,
    reason: str | None = None,
) -> Json:
    """Give so much of a captured charge back (None: all that is left)."""
    # What wasn't captured counts as refunded (a partial capture), so this is the captured rest.
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    dispute = dispute_of(world, account, charge) if charge["disputed"] else None
    if dispute is not None and dispute["status"] in (*OPEN, "lost"):
        raise ApiError(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount < 1:
        raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise ApiError(message, param="amount")
    refund: Json = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": world.clock.now(),
        "currency": charge["currency"],
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": metadata or {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if charge.get("_refunds_wait") else "succeeded",
        "transfer_reversal": None,
    }
    refunded = charge["amount_refunded"] + amount
    charge.update(amount_refunded=refunded, refunded=refunded == charge["amount"])
    save(world, account, refund)
    save(world, account, charge)
    for type_, obj in (("refund.created", refund), ("charge.refunded", charge), ("refund.updated", refund)):
        world.events.emit(type_, obj, account)
    return refund


def wait(world: World, account: str, charge: Json, *, waits: bool) -> Json:
    """From now on its refunds take the bank's time, or are there at once again."""
    return save(world, account, charge | {"_refunds_wait": waits})


def arrive(world: World, account: str, charge: Json) -> Json | None:
    """The oldest that is pending reaches the card; None where none is."""
    refund = next((one for one in reversed(_of(world, account, charge)) if one["status"] == "pending"), None)
    if refund is None:
        return None
    refund["status"] = "succeeded"
    save(world, account, refund)
    _tell(world, account, refund, "refund.updated", "charge.refund.updated")
    return refund


def fail(world: World, account: str, charge: Json) -> Json | None:
    """The bank sends the newest back, at once or days after it seemed to have arrived; the merchant has it again."""
    refund = next((one for one in _of(world, account, charge) if one["status"] in ("pending", "succeeded")), None)
    if refund is None:
        return None
    refund.update(status="failed", failure_reason="expired_or_canceled_card")
    charge.update(amount_refunded=charge["amount_refunded"] - refund["amount"], refunded=False)
    save(world, account, refund)
    save(world, account, charge)
    _tell(world, account, refund, "refund.failed", "refund.updated", "charge.refund.updated")
    return refund


def _of(world: World, account: str, charge: Json) -> list[Json]:
    return [one for one in world.store.every("refund", account) if one["charge"] == charge["id"]]


def _tell(world: World, account: str, refund: Json, *types: str) -> None:
    for type_ in types:
        world.events.emit(type_, refund, account)


def pending(world: World, charge: Json) -> bool:
    return any(one["status"] == "pending" for one in _of(world, world.store.owner(charge["id"]), charge))


def _update(call: Call) -> Json:
    refund = call.find("refund")
    refund["metadata"].update(check_metadata(call.params))
    save(call.world, call.account, refund)
    _tell(call.world, call.account, refund, "refund.updated", "charge.refund.updated")
    return refund


def _retrieve(call: Call) -> Json:
    return call.find("refund")


def _list(call: Call) -> Json:
    items = matching(call.world.store.every("refund", call.account), call.params, "payment_intent", "charge")
    return page(items, call.params, "/v1/refunds")


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/refunds",
        params=sdk.RefundCreateParams,
        handler=_create,
        simulated=frozenset({"payment_intent", "charge", "amount", "reason", "metadata", "expand"}),
    ),
    Operation(method="GET", path="/v1/refunds", params=sdk.RefundListParams, handler=_list),
    Operation(method="GET", path="/v1/refunds/{}", params=sdk.RefundRetrieveParams, handler=_retrieve),
    Operation(method="POST", path="/v1/refunds/{}", params=sdk.RefundUpdateParams, handler=_update),
)
