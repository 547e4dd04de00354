"""The billing portal: an address at which a customer changes the card. https://docs.stripe.com/api/customer_portal/sessions"""

from __future__ import annotations

import secrets

from stripe.params import billing_portal as sdk

from devstack.simulator.config import PLATFORM_ACCOUNT
from devstack.simulator.errors import ApiError, missing_param, not_simulated
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation, World, new_id, save

LIVES_SECONDS = 60 * 60
_KIND = "_portal_session"


def _create(call: Call) -> Json:
    params, now = call.params, call.world.clock.now()
    if "customer" not in params:
        raise missing_param("customer")
    call.find("customer", params["customer"], "customer")
    flow = (params.get("flow_data") or {}).get("type")
    if flow not in (None, "payment_method_update"):
        raise not_simulated(f"flow_data[type]={flow}", "flow_data[type]")
    if not params.get("return_url", "").startswith(("http://", "https://")):
        raise ApiError("Not a valid URL", code="url_invalid", param="return_url")
    token = secrets.token_urlsafe(24)
    kept = {"id": token, "object": _KIND, "customer": params["customer"], "return_url": params["return_url"]}
    save(call.world, PLATFORM_ACCOUNT, kept | {"expires_at": now + LIVES_SECONDS})
    return {
        "id": new_id("bps"),
        "object": "billing_portal.session",
        "configuration": "bpc_sim",
        "created": now,
        "customer": params["customer"],
        "flow": None,
        "livemode": False,
        "locale": None,
        "on_behalf_of": None,
        "return_url": params["return_url"],
        "url": f"{call.world.config.base_url}/billing/{token}",
    }


def find(world: World, token: str) -> Json | None:
    """The session of an address, while it is good."""
    kept = world.store.get(_KIND, token)
    return kept if kept is not None and world.clock.now() < kept["expires_at"] else None


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/billing_portal/sessions",
        params=sdk.SessionCreateParams,
        handler=_create,
        simulated=frozenset({"customer", "expand", "flow_data", "return_url"}),
    ),
)
