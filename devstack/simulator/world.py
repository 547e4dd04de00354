"""What every operation of the simulator is handed: its memory, its clock, its events."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from devstack.simulator.config import PLATFORM_ACCOUNT, SimulatorConfig
from devstack.simulator.errors import resource_missing
from devstack.simulator.events import Events
from devstack.simulator.store import Clock, Json, Store

# Kind of object to the words of Stripe's "No such ...".
_WORDS = {"checkout.session": "checkout session", "account": "account"}


@dataclass(frozen=True, kw_only=True)
class World:
    """One simulated Stripe."""

    config: SimulatorConfig
    store: Store
    clock: Clock
    events: Events


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API request that passed the door: whose account, which parameters (typed), which ids of its path."""

    world: World
    account: str
    params: Json
    ids: tuple[str, ...] = field(default=())

    def find(self, kind: str, id_: str | None = None, param: str = "id") -> Json:
        """The object of this account; another account's is as missing as one that never was."""
        wanted = self.ids[0] if id_ is None else id_
        found = self.world.store.get(kind, wanted, self.account)
        if found is None:
            raise resource_missing(_WORDS.get(kind, kind), wanted, param)
        return found


Handler = Callable[[Call], Json]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A line of the API: method, path with `{}` for ids, the SDK's parameters, and which of them are simulated.

    `simulated` None means all of them (they are kept as they come); a parameter of Stripe's that is in `params` but not
    simulated is refused aloud.
    """

    method: str
    path: str
    params: type
    handler: Handler
    simulated: frozenset[str] | None = None


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def is_connected(account: str) -> bool:
    return account != PLATFORM_ACCOUNT


def save(world: World, account: str, body: Json, due_at: int | None = None) -> Json:
    return world.store.put(body, account, due_at)


def pick(params: Json, *names: str) -> dict[str, Any]:
    """Those parameters, None for what wasn't given."""
    return {name: params.get(name) for name in names}
