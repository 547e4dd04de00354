"""Connected accounts: the merchants on whose behalf the platform charges. https://docs.stripe.com/api/accounts"""

from __future__ import annotations

import re

from stripe import params as sdk

from devstack.simulator.config import PLATFORM_ACCOUNT
from devstack.simulator.parameters import check_metadata
from devstack.simulator.rendering import page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save

_ID = re.compile(r"acct_\w{1,64}$")


class AccountIdError(ValueError):
    """Not an id of an account."""


def register(world: World, id_: str, charges_enabled: bool) -> Json:
    """Make an account known, or change whether it can charge; raises `AccountIdError`."""
    if not _ID.match(id_) or id_ == PLATFORM_ACCOUNT:
        raise AccountIdError
    with world.store.transaction():
        account = world.store.get("account", id_)
        if account is None:
            return save(world, id_, _account(world, id_, charges_enabled, {}))
        if account["charges_enabled"] != charges_enabled:
            account.update(_abilities(charges_enabled))
            save(world, id_, account)
            world.events.emit("account.updated", account, id_)
        return account


def _abilities(charges_enabled: bool) -> Json:
    state = "active" if charges_enabled else "inactive"
    return {
        "capabilities": {"card_payments": state, "transfers": state},
        "charges_enabled": charges_enabled,
        "details_submitted": charges_enabled,
        "payouts_enabled": charges_enabled,
    }


def _account(world: World, id_: str, charges_enabled: bool, params: Json) -> Json:
    return {
        "id": id_,
        "object": "account",
        "business_type": params.get("business_type"),
        "controller": {"type": "application"},
        "country": params.get("country", "US"),
        "created": world.clock.now(),
        "default_currency": params.get("default_currency", "usd"),
        "email": params.get("email"),
        "metadata": check_metadata(params),
        "type": params.get("type", "standard"),
    } | _abilities(charges_enabled)


def _create(call: Call) -> Json:
    # As with Stripe, a new account can't charge until it is onboarded (here: POST /_sim/accounts).
    id_ = f"acct_1{new_id('sim').replace('_', '')}"
    return save(call.world, id_, _account(call.world, id_, False, call.params))


def _list(call: Call) -> Json:
    ids = call.world.store.rows("SELECT id FROM objects WHERE kind = 'account' ORDER BY seq DESC")
    accounts = [call.world.store.get("account", id_) for (id_,) in ids]
    return page([account for account in accounts if account], call.params, "/v1/accounts")


def _retrieve(call: Call) -> Json:
    # The platform sees its connected accounts; an account sees itself.
    account = call.world.store.get("account", call.ids[0])
    if account is not None and call.account in (PLATFORM_ACCOUNT, account["id"]):
        return account
    return call.find("account")


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
            {"business_type", "country", "default_currency", "email", "metadata", "type", "capabilities", "expand"}
        ),
    ),
    Operation(method="GET", path="/v1/accounts", params=sdk.AccountListParams, handler=_list),
    Operation(method="GET", path="/v1/accounts/{}", params=sdk.AccountRetrieveParams, handler=_retrieve),
    Operation(method="GET", path="/v1/account", params=sdk.AccountRetrieveCurrentParams, handler=_retrieve_own),
)
