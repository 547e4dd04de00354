"""Connected accounts: the merchants on whose behalf the platform charges. https://docs.stripe.com/api/accounts"""

from __future__ import annotations

import re
from collections.abc import Callable

from stripe import params as sdk

from devstack.simulator.config import PLATFORM_ACCOUNT
from devstack.simulator.errors import no_access
from devstack.simulator.parameters import check_metadata
from devstack.simulator.rendering import page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save

APPLICATION = {"id": "ca_simplatform", "object": "application", "name": "Portico (simulation)"}
_ID = re.compile(r"acct_\w{1,64}$")
_DOCUMENT = "individual.verification.document"


class AccountIdError(ValueError):
    """Not an id of an account."""


def is_ours(world: World, id_: str) -> bool:
    """Whether the platform's key has access to the account."""
    account = world.store.get("account", id_)
    return account is not None and not account.get("_deauthorized")


def register(world: World, id_: str, charges_enabled: bool) -> Json:
    """Make an account known (again), or change whether it can charge; raises `AccountIdError`."""
    if not _ID.match(id_) or id_ == PLATFORM_ACCOUNT:
        raise AccountIdError
    with world.store.transaction():
        account = world.store.get("account", id_)
        if account is None:
            return save(world, id_, _account(world, id_, charges_enabled, {}))
        account.pop("_deauthorized", None)
        if account["charges_enabled"] != charges_enabled:
            account.update(_abilities(charges_enabled))
            save(world, id_, account)
            world.events.emit("account.updated", account, id_)
        return save(world, id_, account)


def newest(world: World, count: int) -> list[Json]:
    return world.store.newest("account", count)


def act(world: World, id_: str, name: str) -> Json | None:
    """What its owner, or Stripe, does to an account; None where there is no such account or act."""
    with world.store.transaction():
        account = world.store.get("account", id_)
        if account is None or name not in ACTS:
            return None
        ACTS[name](world, account)
        return save(world, id_, account)


def _changed(world: World, account: Json, **changes: object) -> None:
    account.update(changes)
    world.events.emit("account.updated", account, account["id"])


def _finish(world: World, account: Json) -> None:
    _changed(world, account, **_abilities(True))


def _be_checked(world: World, account: Json) -> None:
    """All was given, and Stripe is looking at it."""
    waiting = _requirements("requirements.pending_verification", pending=[_DOCUMENT])
    _changed(world, account, **_abilities(False) | {"details_submitted": True, "requirements": waiting})


def _restrict(world: World, account: Json) -> None:
    missing = _requirements("requirements.past_due", due=[_DOCUMENT])
    _changed(world, account, **_abilities(False) | {"details_submitted": True, "requirements": missing})


def _lose_cards(world: World, account: Json) -> None:
    """Charges stay on, cards alone are off: told by `capability.updated` too."""
    account["capabilities"] = account["capabilities"] | {"card_payments": "inactive"}
    capability = {
        "id": "card_payments",
        "object": "capability",
        "account": account["id"],
        "requested": True,
        "requested_at": account["created"],
        "status": "inactive",
    }
    world.events.emit("capability.updated", capability, account["id"])
    _changed(world, account)


def _deauthorize(world: World, account: Json) -> None:
    """Its owner takes the platform's access away."""
    account["_deauthorized"] = True
    world.events.emit("account.application.deauthorized", dict(APPLICATION), account["id"])


ACTS: dict[str, Callable[[World, Json], None]] = {
    "finish": _finish,
    "review": _be_checked,
    "restrict": _restrict,
    "lose_cards": _lose_cards,
    "deauthorize": _deauthorize,
}


def _abilities(charges_enabled: bool) -> Json:
    state = "active" if charges_enabled else "inactive"
    return {
        "capabilities": {"card_payments": state, "transfers": state},
        "charges_enabled": charges_enabled,
        "details_submitted": charges_enabled,
        "payouts_enabled": charges_enabled,
        "requirements": _requirements(None)
        if charges_enabled
        else _requirements("requirements.past_due", due=["business_type", "external_account", "tos_acceptance.date"]),
    }


def _requirements(reason: str | None, *, due: list[str] | None = None, pending: list[str] | None = None) -> Json:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due or [],
        "disabled_reason": reason,
        "errors": [],
        "eventually_due": due or [],
        "past_due": due or [],
        "pending_verification": pending or [],
    }


def _account(world: World, id_: str, charges_enabled: bool, params: Json) -> Json:
    return {
        "id": id_,
        "object": "account",
        "business_type": params.get("business_type"),
        "controller": {"type": "application", "is_controller": True} | params.get("controller", {}),
        "country": params.get("country", "US"),
        "created": world.clock.now(),
        "default_currency": params.get("default_currency", "usd"),
        "email": params.get("email"),
        "metadata": check_metadata(params),
        # With `controller`, Stripe names no type of the old kinds.
        "type": "none" if "controller" in params else params.get("type", "standard"),
    } | _abilities(charges_enabled)


def _create(call: Call) -> Json:
    # As with Stripe, a new account can't charge until it is onboarded (at its page, or by POST /_sim/accounts).
    id_ = f"acct_1{new_id('sim').replace('_', '')}"
    return save(call.world, id_, _account(call.world, id_, False, call.params))


def _ours(call: Call) -> Json:
    """A connected account, as the platform asks for it."""
    account = call.world.store.get("account", call.ids[0])
    if account is None or call.account != PLATFORM_ACCOUNT or not is_ours(call.world, account["id"]):
        raise no_access(call.ids[0])
    return account


def _update(call: Call) -> Json:
    account = _ours(call)
    account["metadata"].update(check_metadata(call.params))
    _changed(call.world, account)
    return save(call.world, account["id"], account)


def _delete(call: Call) -> Json:
    """The platform takes its own access away, as its owner can (a test account may always be deleted)."""
    account = _ours(call)
    _deauthorize(call.world, account)
    save(call.world, account["id"], account)
    return {"id": account["id"], "object": "account", "deleted": True}


def _list(call: Call) -> Json:
    ids = call.world.store.rows("SELECT id FROM objects WHERE kind = 'account' ORDER BY seq DESC")
    accounts = [call.world.store.get("account", id_) for (id_,) in ids if is_ours(call.world, id_)]
    return page([account for account in accounts if account], call.params, "/v1/accounts")


def _retrieve(call: Call) -> Json:
    # The platform sees its connected accounts; an account sees itself.
    account = call.world.store.get("account", call.ids[0])
    if (
        account is None
        or call.account not in (PLATFORM_ACCOUNT, account["id"])
        or not is_ours(call.world, account["id"])
    ):
        raise no_access(call.ids[0])
    return account


def _retrieve_own(call: Call) -> Json:
    if call.account == PLATFORM_ACCOUNT:
        return _account(call.world, PLATFORM_ACCOUNT, True, {})
    return call.find("account", call.account)


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/accounts",
        params=sdk.AccountCreateParams,
        handler=_create,
        simulated=frozenset(
            {
                *("business_type", "capabilities", "controller", "country", "default_currency", "email", "expand"),
                *("metadata", "type"),
            }
        ),
    ),
    Operation(method="GET", path="/v1/accounts", params=sdk.AccountListParams, handler=_list),
    Operation(method="GET", path="/v1/accounts/{}", params=sdk.AccountRetrieveParams, handler=_retrieve),
    Operation(
        method="POST",
        path="/v1/accounts/{}",
        params=sdk.AccountUpdateParams,
        handler=_update,
        simulated=frozenset({"metadata", "expand"}),
    ),
    Operation(method="DELETE", path="/v1/accounts/{}", params=sdk.AccountDeleteParams, handler=_delete),
    Operation(method="GET", path="/v1/account", params=sdk.AccountRetrieveCurrentParams, handler=_retrieve_own),
)
