"""Faults on demand: what is to go wrong with which request or event, and how often."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from devstack.simulator.store import Json, Store

REQUEST_ACTIONS = frozenset({"500", "429", "decline", "timeout", "delay", "mutate", "stall", "hold"})
EVENT_ACTIONS = frozenset({"drop", "duplicate", "delay", "mutate"})


class FaultError(ValueError):
    """The list of faults isn't one; the message says what is wrong with it."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`match` is part of "METHOD /v1/path account" or of an event's type (globs allowed); `times` None is for ever."""

    match: str
    action: str
    set: Mapping[str, Any]
    times: int | None
    seconds: float


class Faults:
    """The stored list; a fault that strikes is counted down."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.replaced = asyncio.Event()

    def replace(self, items: object) -> list[Json]:
        """Take a new list; raises `FaultError` when an entry isn't understood."""
        if not isinstance(items, list):
            raise FaultError("a list of faults is expected")
        faults = [_fault(item) for item in items]
        self._store.set("faults", faults)
        # Whoever is held by an earlier fault goes on.
        self.replaced.set()
        self.replaced = asyncio.Event()
        return faults

    def all(self) -> list[Json]:
        faults: list[Json] = self._store.setting("faults", [])
        return faults

    def strike(self, target: str, actions: Collection[str]) -> Fault | None:
        """The first fault with one of these actions that matches; using it up is stored."""
        faults = self.all()
        for item in faults:
            if item["action"] in actions and item["times"] != 0 and fnmatchcase(target, f"*{item['match']}*"):
                if item["times"] is not None:
                    item["times"] -= 1
                    self._store.set("faults", faults)
                return Fault(**item)
        return None


def _fault(item: object) -> Json:
    if not isinstance(item, dict) or not isinstance(item.get("match"), str):
        raise FaultError("each fault needs a match")
    if unknown := set(item) - {"match", "action", "set", "times", "seconds"}:
        raise FaultError(f"unknown: {', '.join(sorted(unknown))}")
    action = str(item.get("action"))
    if action not in REQUEST_ACTIONS | EVENT_ACTIONS:
        raise FaultError(f"unknown action: {action}")
    times, changes = item.get("times", 1), item.get("set") or {}
    if not (times is None or (isinstance(times, int) and times >= 0)) or not isinstance(changes, dict):
        raise FaultError("times is a count, set is an object")
    default = 60.0 if action == "timeout" else 3.0
    seconds = float(item.get("seconds", default))
    return {"match": item["match"], "action": action, "set": changes, "times": times, "seconds": seconds}


def mutated(body: Json, changes: Mapping[str, Any]) -> Json:
    """A copy with each `dotted.path` set; numbers in a path are list indexes. Paths that lead nowhere are made."""
    changed = copy.deepcopy(body)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node: Any = changed
        for part in parents:
            node = node[int(part)] if isinstance(node, list) else _child(node, part)
        if isinstance(node, list):
            node[int(last)] = value
        else:
            node[last] = value
    return changed


def _child(node: Json, part: str) -> Any:
    if not isinstance(node.get(part), dict | list):
        node[part] = {}
    return node[part]
