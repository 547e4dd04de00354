"""What was asked of the simulated API: all that ever reached the payment processor, for whoever looks for leaks."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from devstack.simulator.forms import Form
from devstack.simulator.store import Json, Store


class Journal:
    """Requests in the order in which they came."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(
        self, method: str, path: str, account: str | None, key: str | None, form: Form, agent: str, status: int
    ) -> None:
        entry = {
            "method": method,
            "path": path,
            "account": account,
            "idempotency_key": key,
            "body": form,
            "agent": agent,
            "status": status,
            "at": datetime.now(UTC).isoformat(),
        }
        self._store.change("INSERT INTO requests (body) VALUES (?)", json.dumps(entry))

    def items(self) -> list[Json]:
        return [json.loads(body) for (body,) in self._store.rows("SELECT body FROM requests ORDER BY id")]
