"""Disputes: a cardholder's bank asks for a payment back. Who has to answer, until when, and what it freezes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import Conflict
from domain.money import Money

# So long before the deadline the practice is reminded, if it hasn't answered.
REMIND_BEFORE = timedelta(days=3)


class DisputeStatus(StrEnum):
    NEEDS_RESPONSE = "needs_response"  # the practice answers in the processor's dashboard
    UNDER_REVIEW = "under_review"  # answered: the bank decides
    WON = "won"
    LOST = "lost"
    CLOSED = "closed"  # a question of the bank's that ended without a dispute


# Until it is decided, nothing that has been paid is given back: it would go back twice.
OPEN = frozenset({DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW})


@dataclass(frozen=True, kw_only=True)
class SeenDispute:
    """As the processor has it. `reason` is its own closed word; `due_by` None where no answer is awaited."""

    dispute_id: str
    status: DisputeStatus
    reason: str
    amount: Money
    opened_at: datetime
    due_by: datetime | None


def lost_minor(disputes: Iterable[tuple[DisputeStatus, int]]) -> int:
    """What banks have taken back for good, of (status, amount)."""
    return sum(amount for status, amount in disputes if status is DisputeStatus.LOST)


def remind_at(status: DisputeStatus, due_by: datetime | None) -> datetime | None:
    return due_by - REMIND_BEFORE if due_by is not None and status is DisputeStatus.NEEDS_RESPONSE else None


def frozen_refusal() -> Conflict:
    detail = (
        "The cardholder's bank disputes this payment, and decides what goes back. "
        "A refund now would give the money back twice."
    )
    return Conflict(detail, disputed=True)
