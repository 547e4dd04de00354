"""What the person in front of the hosted page does: pays, is declined, closes the tab; and what time does by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from devstack.simulator import subscriptions
from devstack.simulator.intents import (
    ask_cardholder,
    authorise,
    decline,
    intent_of,
    let_go,
    refuse_cardholder,
)
from devstack.simulator.store import Json
from devstack.simulator.world import World, save

_INTENT_IN_WORDS = {
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "authorisation cancelled",
}


class SessionNotOpenError(Exception):
    """Nobody can pay any more: the session is complete or expired."""


class NothingToConfirmError(Exception):
    """No bank waits for this session's cardholder."""


def _open(world: World, session_id: str) -> tuple[str, Json]:
    session = find_session(world, session_id)
    if session is None or session["status"] != "open":
        raise SessionNotOpenError
    return world.store.owner(session_id), session


def find_session(world: World, session_id: str) -> Json | None:
    """A session as it stands now, whichever account it belongs to."""
    let_time_act(world)
    return world.store.get("checkout.session", session_id)


def newest_sessions(world: World, count: int) -> list[Json]:
    """As they stand now, of every account, newest first."""
    let_time_act(world)
    return world.store.newest("checkout.session", count)


def state_in_words(world: World, session: Json) -> str:
    """For people: what became of a checkout and its money."""
    if session["status"] == "expired":
        return "expired, nothing charged"
    if session["mode"] == "subscription":
        return "open" if session["status"] == "open" else "subscribed"
    intent = world.store.get("payment_intent", session["payment_intent"] or "")
    if intent is None or session["status"] == "open":
        return "the bank asks the cardholder" if is_asked(world, session) else "open"
    charge = world.store.get("charge", intent["latest_charge"] or "")
    if charge is not None and charge["amount_refunded"]:
        return "refunded" if charge["refunded"] else "refunded in part"
    status = str(intent["status"])
    return _INTENT_IN_WORDS.get(status, status.replace("_", " "))


def pay(world: World, session_id: str, *, confirmed: bool = False) -> Json:
    """The card is good. Returns the completed session."""
    with world.store.transaction():
        account, session = _open(world, session_id)
        if session["mode"] == "subscription":
            subscription, invoice = subscriptions.begin(world, account, session)
            session.update(subscription=subscription["id"], invoice=invoice["id"])
            paid = True
        else:
            intent = authorise(world, account, intent_of(world, account, session), confirmed=confirmed)
            paid = intent["status"] == "succeeded"
        # The page closes for good, hence no address; the person's own data is not simulated.
        session.update(status="complete", url=None, payment_status="paid" if paid else "unpaid")
        save(world, account, session)
        world.store.change("DELETE FROM planned_payments WHERE session = ?", session_id)
        world.events.emit("checkout.session.completed", session, account)
        return session


def be_declined(world: World, session_id: str) -> Json:
    """The card is refused; the session stays open for another try."""
    with world.store.transaction():
        account, session = _open(world, session_id)
        if session["mode"] == "payment":
            decline(world, account, intent_of(world, account, session))
        return save(world, account, session, session["expires_at"])


def be_asked(world: World, session_id: str) -> Json:
    """The card is good, and its bank asks its holder to confirm (3-D Secure); the session is open meanwhile."""
    with world.store.transaction():
        account, session = _open(world, session_id)
        if session["mode"] == "payment":
            ask_cardholder(world, account, intent_of(world, account, session))
        return save(world, account, session, session["expires_at"])


def confirm(world: World, session_id: str) -> Json:
    """The holder has confirmed. Raises `NothingToConfirmError`."""
    with world.store.transaction():
        _waiting(world, session_id)
        return pay(world, session_id, confirmed=True)


def fail_to_confirm(world: World, session_id: str) -> Json:
    """The holder refused, or the bank didn't know them; another card can be tried. Raises `NothingToConfirmError`."""
    with world.store.transaction():
        account, session, intent = _waiting(world, session_id)
        refuse_cardholder(world, account, intent)
        return save(world, account, session, session["expires_at"])


def is_asked(world: World, session: Json) -> bool:
    intent = world.store.get("payment_intent", session["payment_intent"] or "")
    return session["status"] == "open" and intent is not None and intent["status"] == "requires_action"


def _waiting(world: World, session_id: str) -> tuple[str, Json, Json]:
    account, session = _open(world, session_id)
    if not is_asked(world, session):
        raise NothingToConfirmError
    return account, session, intent_of(world, account, session)


def pay_later(world: World, session_id: str, seconds: float) -> Json:
    """The payment takes its time (a slow bank); meanwhile the session is open."""
    with world.store.transaction():
        _, session = _open(world, session_id)
        at = time.time() + seconds
        world.store.change("INSERT OR REPLACE INTO planned_payments (session, at) VALUES (?, ?)", session_id, at)
        return session


def is_paying(world: World, session_id: str) -> bool:
    return bool(world.store.rows("SELECT 1 FROM planned_payments WHERE session = ?", session_id))


def end_session(world: World, account: str, session: Json) -> Json:
    """Expire an open session, with the intent of an attempt that failed."""
    session.update(status="expired", url=None)
    save(world, account, session)
    world.store.change("DELETE FROM planned_payments WHERE session = ?", session["id"])
    if session["payment_intent"] is not None:
        let_go(world, account, intent_of(world, account, session), "expired")
    world.events.emit("checkout.session.expired", session, account)
    return session


def let_time_act(world: World) -> None:
    """Whatever should have happened by now happens: sessions and authorisations end, planned payments are made."""
    with world.store.transaction():
        # No request is the cause of what time does.
        cause, world.events.cause = world.events.cause, {"id": None, "idempotency_key": None}
        # Until nothing is due: a long leap holds several periods of a subscription.
        while due := world.store.due(world.clock.now()):
            for account, obj in due:
                _ACTS[obj["object"]](world, account, obj)
        for (session_id,) in world.store.rows("SELECT session FROM planned_payments WHERE at <= ?", time.time()):
            world.store.change("DELETE FROM planned_payments WHERE session = ?", session_id)
            pay(world, session_id)
        world.events.cause = cause


def _run_out(world: World, account: str, intent: Json) -> None:
    let_go(world, account, intent, "automatic")


# What time does, by the kind of the object that it was due for.
_ACTS: dict[str, Callable[[World, str, Json], object]] = {
    "checkout.session": end_session,
    "payment_intent": _run_out,
    "subscription": subscriptions.let_time_act,
}
