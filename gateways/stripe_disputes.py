"""Stripe's disputes in Portico's words. https://docs.stripe.com/api/disputes/object"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import stripe

from domain.disputes import DisputeStatus, SeenDispute
from domain.money import Money

_STATUS = {
    "warning_needs_response": DisputeStatus.NEEDS_RESPONSE,
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "appeal_needs_response": DisputeStatus.NEEDS_RESPONSE,
    "warning_under_review": DisputeStatus.UNDER_REVIEW,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "appeal_under_review": DisputeStatus.UNDER_REVIEW,
    "warning_closed": DisputeStatus.CLOSED,
    "prevented": DisputeStatus.CLOSED,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}
_WORD = re.compile(r"[a-z_]{1,64}$")


def seen_dispute(dispute: stripe.Dispute) -> SeenDispute:
    """What Stripe says some day and we don't know yet is under review: frozen, and nobody's turn."""
    due_by = dispute.evidence_details.due_by
    return SeenDispute(
        dispute_id=dispute.id,
        status=_STATUS.get(dispute.status, DisputeStatus.UNDER_REVIEW),
        reason=dispute.reason if _WORD.match(dispute.reason) else "general",
        amount=Money(amount_minor=dispute.amount, currency=dispute.currency),
        opened_at=datetime.fromtimestamp(dispute.created, UTC),
        due_by=datetime.fromtimestamp(due_by, UTC) if due_by else None,
    )
