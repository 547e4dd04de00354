"""Webhook endpoints: those that the simulator was started with. https://docs.stripe.com/api/webhook_endpoints"""

from __future__ import annotations

from stripe import params as sdk

from devstack.simulator.accounts import APPLICATION
from devstack.simulator.config import PLATFORM_ACCOUNT
from devstack.simulator.events import FEE_EVENTS, SUBSCRIPTION_EVENTS
from devstack.simulator.rendering import page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation

_EVENTS = {"fees": FEE_EVENTS, "subscriptions": SUBSCRIPTION_EVENTS}


def _list(call: Call) -> Json:
    known = call.world.config.webhooks.values() if call.account == PLATFORM_ACCOUNT else ()
    endpoints: list[Json] = [
        {
            "id": f"we_sim{one.name}",
            "object": "webhook_endpoint",
            "api_version": None,
            # Fees are events of connected accounts, which a Connect endpoint hears.
            "application": APPLICATION["id"] if one.name == "fees" else None,
            "created": 0,
            "description": None,
            "enabled_events": sorted(_EVENTS[one.name]),
            "livemode": False,
            "metadata": {},
            "status": "enabled",
            "url": one.url,
        }
        for one in known
    ]
    return page(endpoints, call.params, "/v1/webhook_endpoints")


OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/webhook_endpoints",
        params=sdk.WebhookEndpointListParams,
        handler=_list,
        simulated=frozenset({"limit", "starting_after", "ending_before", "expand"}),
    ),
)
