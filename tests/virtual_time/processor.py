"""What the processor holds of one merchant's money, read from its own store."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Money:
    """All that was done with one fee's payment intent, in minor units."""

    fee: str
    status: str  # of the intent
    captured: int
    captures: int
    refunded: int


class Processor:
    def __init__(self, state_dir: Path, merchant: str) -> None:
        self._path = state_dir / "simulator" / "simulator.sqlite3"
        self._merchant = merchant

    def _every(self, kind: str) -> list[dict[str, Any]]:
        with sqlite3.connect(f"file:{self._path}?mode=ro", uri=True) as store:
            query = "SELECT body FROM objects WHERE account = ? AND kind = ?"
            bodies = store.execute(query, (self._merchant, kind)).fetchall()
        store.close()
        return [json.loads(body) for (body,) in bodies]

    def money(self) -> list[Money]:
        """By payment intent: there is none before somebody has tried to pay."""
        charges, refunds = self._every("charge"), self._every("refund")
        found = []
        for intent in self._every("payment_intent"):
            captured = [one for one in charges if one["payment_intent"] == intent["id"] and one["captured"]]
            back = [one for one in refunds if one["payment_intent"] == intent["id"] and one["status"] == "succeeded"]
            found.append(
                Money(
                    fee=intent["metadata"]["fee_reference"],
                    status=intent["status"],
                    captured=sum(one["amount_captured"] for one in captured),
                    captures=len(captured),
                    refunded=sum(one["amount"] for one in back),
                )
            )
        return found

    def sessions(self) -> dict[str, str]:
        """Status by id."""
        return {one["id"]: one["status"] for one in self._every("checkout.session")}

    def is_open(self, session: str | None) -> bool:
        return session is not None and self.sessions().get(session) == "open"
