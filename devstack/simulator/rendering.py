"""How kept objects look on the wire: private parts left out, ids expanded when asked for, lists in pages."""

from __future__ import annotations

import copy
from typing import Any

from devstack.simulator.errors import ApiError, resource_missing
from devstack.simulator.store import Json, Store

# Per kind of object: which of its fields can be expanded, and to what.
EXPANDABLE: dict[str, dict[str, str]] = {
    "checkout.session": {
        "customer": "customer",
        "invoice": "invoice",
        "payment_intent": "payment_intent",
        "subscription": "subscription",
    },
    "invoice": {"customer": "customer"},
    "subscription": {"customer": "customer", "latest_invoice": "invoice"},
    "payment_intent": {"latest_charge": "charge"},
    "charge": {"payment_intent": "payment_intent"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
    "price": {"product": "product"},
}
# Fields that are there only when they are asked for.
INCLUDABLE: dict[str, frozenset[str]] = {"checkout.session": frozenset({"line_items"})}
DEEPEST = 4


def render(obj: Json) -> Json:
    """What anybody sees: without `_private` keys."""
    return {key: value for key, value in copy.deepcopy(obj).items() if not key.startswith("_")}


def expanded(store: Store, account: str, stored: Json, paths: list[str]) -> Json:
    """Render with `expand` applied; a list takes paths that begin with `data.`."""
    if stored["object"] == "list":
        tails = [_below_data(path) for path in paths]
        return {**stored, "data": [expanded(store, account, item, tails) for item in stored["data"]]}
    shown = render(stored)
    for path in paths:
        if path.count(".") >= DEEPEST:
            raise ApiError("You cannot expand more than 4 levels of a property", param="expand")
        _expand(store, account, shown, stored, path)
    return shown


def _below_data(path: str) -> str:
    head, _, tail = path.partition(".")
    if head != "data" or not tail:
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    return tail


def _expand(store: Store, account: str, shown: Json, stored: Json, path: str) -> None:
    head, _, tail = path.partition(".")
    kind = str(shown["object"])
    if head in INCLUDABLE.get(kind, ()):
        shown[head] = copy.deepcopy(stored[f"_{head}"])
        return
    target = EXPANDABLE.get(kind, {}).get(head)
    if target is None:
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    value = shown[head]
    if isinstance(value, str):
        value = render(store.get(target, value, account) or {})
        shown[head] = value
    if tail and isinstance(value, dict):
        _expand(store, account, value, value, tail)


def page(items: list[Json], params: Json, url: str) -> Json:
    """A list object of `items` (newest first) by limit, starting_after and ending_before."""
    items = [item for item in items if _created_matches(item, params.get("created"))]
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise ApiError("Limit must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
    if after := params.get("starting_after"):
        items = items[_position(items, after, "starting_after") + 1 :]
    if before := params.get("ending_before"):
        items = items[: _position(items, before, "ending_before")]
        return _list(items[-limit:], len(items) > limit, url)
    return _list(items[:limit], len(items) > limit, url)


def _list(items: list[Json], has_more: bool, url: str) -> Json:
    return {"object": "list", "data": items, "has_more": has_more, "url": url}


def _position(items: list[Json], id_: str, param: str) -> int:
    for index, item in enumerate(items):
        if item["id"] == id_:
            return index
    raise resource_missing("object", id_, param)


def _created_matches(item: Json, wanted: Any) -> bool:
    if wanted is None:
        return True
    created = item["created"]
    if isinstance(wanted, int):
        return bool(created == wanted)
    tests = {"gt": created.__gt__, "gte": created.__ge__, "lt": created.__lt__, "lte": created.__le__}
    return all(tests[name](bound) for name, bound in wanted.items())


def matching(items: list[Json], params: Json, *names: str) -> list[Json]:
    """Those whose fields equal the parameters that were given."""
    wanted = {name: params[name] for name in names if name in params}
    return [item for item in items if all(item.get(name) == value for name, value in wanted.items())]
