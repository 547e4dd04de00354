"""What may go wrong on the way to the processor and back, and what a practice may change meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def _each(matches: Iterable[str], action: str, times: int | None, **more: Any) -> list[dict[str, Any]]:
    return [{"match": one, "action": action, "times": times, **more} for one in matches]


# Nothing here lasts longer than a second or two.
WEATHER: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "news is lost": _each(("checkout.*", "payment_intent.*"), "drop", 4),
    "news of what was taken is lost": _each(("charge.*", "refund.*"), "drop", 6),
    "news comes twice": _each(("checkout.*", "charge.*", "refund.*"), "duplicate", None),
    "news is overtaken": _each(("checkout.session.completed", "refund.created"), "delay", None, seconds=1),
    "news is late": _each(("charge.*", "refund.*", "payment_intent.*"), "delay", None, seconds=2),
    "captures fail": _each(("/capture",), "500", 1),
    # By then the news is there.
    "answers are late": _each(("/capture", "/expire", "POST /v1/refunds"), "delay", 2, seconds=1),
    "the bank says no": _each(("/capture",), "decline", 1),
    "the processor is busy": _each(("/v1/",), "429", 3),
    "refunds fail": _each(("POST /v1/refunds",), "500", 1),
}
# What was booked, held or paid before stands.
CHANGES: tuple[dict[str, Any], ...] = (
    {"buffer_minutes": 10},
    {"max_upcoming_appointments": 1},
    {"min_notice_minutes": 600},
    {"fee": {"amount_minor": 5500, "currency": "usd"}},
    {"clients_can_cancel": False},
    {"slot_step_minutes": 30},
    {
        "buffer_minutes": 0,
        "max_upcoming_appointments": 3,
        "min_notice_minutes": 0,
        "fee": {"amount_minor": 4000, "currency": "usd"},
        "clients_can_cancel": True,
        "slot_step_minutes": 60,
        "refund_full_minutes": 0,
        "refund_part_percent": 0,
        "refund_part_minutes": 0,
    },
    # A client who calls off a time of the next few days gets half of it back, and at last nothing.
    {"refund_full_minutes": 8000, "refund_part_percent": 50, "refund_part_minutes": 240},
)
