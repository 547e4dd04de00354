"""What a merchant's people do in Stripe's dashboard with a payment that was taken, past the platform."""

from __future__ import annotations

from devstack.simulator import refunds
from devstack.simulator.store import Json
from devstack.simulator.world import World


def act(world: World, intent_id: str, name: str, facts: Json) -> Json | None:
    """`refund` (with an `amount`, or all that is left). None where there is no such payment or act, or none was taken.

    Raises ApiError as the API would.
    """
    with world.store.transaction():
        charge = _charge(world, intent_id)
        if charge is None:
            return None
        account = world.store.owner(intent_id)
        if name == "refund":
            return refunds.make(world, account, charge, amount=facts.get("amount"))
        return None


def taken(world: World, count: int) -> list[Json]:
    """The newest captured charges of all accounts."""
    return [one for one in world.store.newest("charge", count) if one["captured"] and one["payment_intent"]]


def _charge(world: World, intent_id: str) -> Json | None:
    intent = world.store.get("payment_intent", intent_id)
    charge = world.store.get("charge", intent["latest_charge"] or "") if intent is not None else None
    return charge if charge is not None and charge["captured"] else None
