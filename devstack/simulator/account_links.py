"""Account links: the way to hosted onboarding, good once and for minutes. https://docs.stripe.com/api/account_links"""

from __future__ import annotations

import secrets

from stripe import params as sdk

from devstack.simulator import accounts
from devstack.simulator.config import PLATFORM_ACCOUNT
from devstack.simulator.errors import ApiError, missing_param, no_access, not_simulated
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, save

LIVES_SECONDS = 5 * 60
_KIND = "_account_link"


def _create(call: Call) -> Json:
    params, now = call.params, call.world.clock.now()
    if not accounts.is_ours(call.world, params["account"]):
        raise no_access(params["account"])
    if params["type"] != "account_onboarding":
        raise not_simulated(f"type={params['type']}", "type")
    for name in ("refresh_url", "return_url"):
        if name not in params:
            raise missing_param(name)
        if not params[name].startswith(("http://", "https://")):
            raise ApiError("Not a valid URL", code="url_invalid", param=name)
    token = secrets.token_urlsafe(24)
    kept = {
        "id": token,
        "object": _KIND,
        "account": params["account"],
        "expires_at": now + LIVES_SECONDS,
        "refresh_url": params["refresh_url"],
        "return_url": params["return_url"],
        "visited": False,
    }
    save(call.world, PLATFORM_ACCOUNT, kept)
    return {
        "object": "account_link",
        "created": now,
        "expires_at": kept["expires_at"],
        "url": f"{call.world.config.base_url}/connect/onboarding/{token}",
    }


def find(world: World, token: str) -> Json | None:
    return world.store.get(_KIND, token)


def visit(world: World, link: Json) -> bool:
    """Whether the link still leads to its page; from then on it leads there no more."""
    with world.store.transaction():
        if link["visited"] or world.clock.now() >= link["expires_at"]:
            return False
        save(world, PLATFORM_ACCOUNT, link | {"visited": True})
        return True


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/account_links",
        params=sdk.AccountLinkCreateParams,
        handler=_create,
        simulated=frozenset({"account", "expand", "refresh_url", "return_url", "type"}),
    ),
)
