"""What a merchant's people do in Stripe's dashboard with a payment that was taken, past the platform."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from devstack.simulator import disputes, refunds
from devstack.simulator.store import Json
from devstack.simulator.world import World


def act(world: World, intent_id: str, name: str, facts: Json) -> Json | None:
    """`refund` (an `amount`, or all that is left), `dispute` (as its bank, with a `reason`), `answer`, `win`, `lose`.

    And what becomes of refunds: `refunds_wait` and `refunds_at_once` from now on, `refund_arrives`, `refund_fails`.

    None where there is no such payment or act, none was taken, or nothing is disputed.

    Raises ApiError as the API would.
    """
    with world.store.transaction():
        charge = _charge(world, intent_id)
        if charge is None:
            return None
        account = world.store.owner(intent_id)
        if name == "refund":
            return refunds.make(world, account, charge, amount=facts.get("amount"))
        if name in REFUNDS:
            return REFUNDS[name](world, account, charge)
        if name == "dispute":
            return disputes.open_dispute(world, account, charge, facts.get("reason"))
        dispute = disputes.dispute_of(world, account, charge)
        if dispute is None or dispute["status"] not in disputes.OPEN or name not in disputes.ACTS:
            return None
        return disputes.ACTS[name](world, account, dispute)


REFUNDS: dict[str, Callable[[World, str, Json], Json | None]] = {
    "refunds_wait": partial(refunds.wait, waits=True),
    "refunds_at_once": partial(refunds.wait, waits=False),
    "refund_arrives": refunds.arrive,
    "refund_fails": refunds.fail,
}


def dispute_of(world: World, charge: Json) -> Json | None:
    return disputes.dispute_of(world, world.store.owner(charge["id"]), charge)


def taken(world: World, count: int) -> list[Json]:
    """The newest captured charges of all accounts."""
    return [one for one in world.store.newest("charge", count) if one["captured"] and one["payment_intent"]]


def _charge(world: World, intent_id: str) -> Json | None:
    intent = world.store.get("payment_intent", intent_id)
    charge = world.store.get("charge", intent["latest_charge"] or "") if intent is not None else None
    return charge if charge is not None and charge["captured"] else None
