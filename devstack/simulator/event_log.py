"""The list of events, by which lost webhooks are found. https://docs.stripe.com/api/events"""

from __future__ import annotations

from fnmatch import fnmatchcase

from stripe import params as sdk

from devstack.simulator.errors import ApiError
from devstack.simulator.rendering import page
from devstack.simulator.store import Json
from devstack.simulator.world import Call, Operation

_MOST_TYPES = 20
_KEPT_SECONDS = 30 * 24 * 3600


def _undelivered(call: Call) -> dict[str, int]:
    rows = call.world.store.rows(
        "SELECT event, SUM(state = 'pending') FROM deliveries WHERE state != 'delivered' GROUP BY event"
    )
    return dict(rows)


def _list(call: Call) -> Json:
    params = call.params
    if "type" in params and "types" in params:
        raise ApiError("You may pass either type or types, but not both.", code="parameters_exclusive", param="types")
    wanted = params.get("types") or ([params["type"]] if "type" in params else ["*"])
    if len(wanted) > _MOST_TYPES:
        raise ApiError(f"You may pass at most {_MOST_TYPES} types.", param="types")
    undelivered = _undelivered(call)
    kept_since = call.world.clock.now() - _KEPT_SECONDS
    events = [
        event | {"pending_webhooks": undelivered.get(event["id"], 0)}
        for event in call.world.store.every("event", call.account)
        if event["created"] >= kept_since
        and any(fnmatchcase(event["type"], pattern) for pattern in wanted)
        and ("delivery_success" not in params or params["delivery_success"] == (event["id"] not in undelivered))
    ]
    return page(events, params, "/v1/events")


def _retrieve(call: Call) -> Json:
    event = call.find("event")
    return event | {"pending_webhooks": _undelivered(call).get(event["id"], 0)}


OPERATIONS = (
    Operation(method="GET", path="/v1/events", params=sdk.EventListParams, handler=_list),
    Operation(method="GET", path="/v1/events/{}", params=sdk.EventRetrieveParams, handler=_retrieve),
)
