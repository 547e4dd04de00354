"""What the processor holds of one merchant's money, read from its own store."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_OPEN = ("needs_response", "under_review")


@dataclass(frozen=True, kw_only=True)
class Made:
    """One refund, whoever asked for it; `reference` is what our ledger calls it, of one of ours."""

    id: str
    amount: int
    status: str
    reference: str | None


@dataclass(frozen=True, kw_only=True)
class Money:
    """All that was done with one fee's payment intent, in minor units."""

    fee: str
    intent: str
    status: str  # of the intent
    amount: int
    captured: int
    captures: int
    refunds: tuple[Made, ...] = ()
    disputes: dict[str, str]  # status by id
    lost: int  # to disputes

    @property
    def refunded(self) -> int:
        return sum(one.amount for one in self.refunds if one.status == "succeeded")

    @property
    def returning(self) -> int:
        """Given back, or on its way."""
        return sum(one.amount for one in self.refunds if one.status != "failed")

    @property
    def disputed(self) -> bool:
        return any(status in _OPEN for status in self.disputes.values())


class Processor:
    def __init__(self, state_dir: Path, merchant: str) -> None:
        self._path = state_dir / "simulator" / "simulator.sqlite3"
        self._merchant = merchant

    def _rows(self, query: str, *given: str) -> list[dict[str, Any]]:
        with sqlite3.connect(f"file:{self._path}?mode=ro", uri=True) as store:
            bodies = store.execute(query, given).fetchall()
        store.close()
        return [json.loads(body) for (body,) in bodies]

    def _every(self, kind: str) -> list[dict[str, Any]]:
        return self._rows("SELECT body FROM objects WHERE account = ? AND kind = ? ORDER BY seq", self._merchant, kind)

    def money(self) -> list[Money]:
        """By payment intent: there is none before somebody has tried to pay."""
        charges, refunds, disputes = (self._every(kind) for kind in ("charge", "refund", "dispute"))
        found = []
        for intent in self._every("payment_intent"):
            captured = [one for one in charges if one["payment_intent"] == intent["id"] and one["captured"]]
            asked_back = [one for one in disputes if one["payment_intent"] == intent["id"]]
            found.append(
                Money(
                    fee=intent["metadata"]["fee_reference"],
                    intent=intent["id"],
                    status=intent["status"],
                    amount=intent["amount"],
                    captured=sum(one["amount_captured"] for one in captured),
                    captures=len(captured),
                    refunds=tuple(_made(one) for one in refunds if one["payment_intent"] == intent["id"]),
                    disputes={one["id"]: one["status"] for one in asked_back},
                    lost=sum(one["amount"] for one in asked_back if one["status"] == "lost"),
                )
            )
        return found

    def of(self, fee: str) -> Money | None:
        return next((one for one in self.money() if one.fee == fee), None)

    def sessions(self) -> dict[str, str]:
        """Status by id."""
        return {one["id"]: one["status"] for one in self._every("checkout.session")}

    def open_checkouts(self) -> list[str]:
        """The fees that could be paid at this moment, once for each checkout."""
        return [one["client_reference_id"] for one in self._every("checkout.session") if one["status"] == "open"]

    def is_open(self, session: str | None) -> bool:
        return session is not None and self.sessions().get(session) == "open"

    def refunds_asked(self, intent: str) -> int:
        """How often we have asked for one, whatever the answer was."""
        asked = self._rows("SELECT body FROM requests WHERE body LIKE ?", f"%{intent}%")
        return sum((one["method"], one["path"]) == ("POST", "/v1/refunds") for one in asked)


def _made(refund: dict[str, Any]) -> Made:
    return Made(
        id=refund["id"],
        amount=refund["amount"],
        status=refund["status"],
        reference=refund["metadata"].get("refund_reference"),
    )
