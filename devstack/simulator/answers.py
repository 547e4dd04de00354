"""Idempotency: the answer kept under a key, replayed for 24 hours, stored 500s included.

Source: https://docs.stripe.com/api/idempotent_requests
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from devstack.simulator.errors import ApiError
from devstack.simulator.store import Clock, Json, Store

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: Json
    replayed: bool = False


class Answers:
    """Answers by account and key."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def knows(self, account: str, key: str | None) -> bool:
        """Whether an answer is kept under this key."""
        return bool(self._store.rows("SELECT 1 FROM answers WHERE account = ? AND key = ?", account, key))

    def find(self, account: str, key: str, fingerprint: str) -> Answer | None:
        """The kept answer; raises `ApiError` when the key was used with other parameters."""
        self._store.change("DELETE FROM answers WHERE stored_at <= ?", self._clock.now() - KEPT_SECONDS)
        rows = self._store.rows(
            "SELECT fingerprint, status, body FROM answers WHERE account = ? AND key = ?", account, key
        )
        if not rows:
            return None
        first, status, body = rows[0]
        if first != fingerprint:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
            )
            raise ApiError(message, kind="idempotency_error")
        return Answer(status=status, body=json.loads(body), replayed=True)

    def keep(self, account: str, key: str, fingerprint: str, answer: Answer) -> None:
        self._store.change(
            "INSERT INTO answers (account, key, fingerprint, status, body, stored_at) VALUES (?, ?, ?, ?, ?, ?)",
            account,
            key,
            fingerprint,
            answer.status,
            json.dumps(answer.body),
            self._clock.now(),
        )
