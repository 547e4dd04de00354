"""What happens to the fee, said to the client before paying and before cancelling, and to staff."""

from __future__ import annotations

from itertools import pairwise

from domain.decisions import CancelDecision
from domain.fees import FeeQuote
from domain.money import Money
from domain.refunds import ALL_OF_IT, NOTHING, in_words, part_of
from domain.wording import spoken_time


def rule(quote: FeeQuote, notice_minutes: int | None) -> str:
    """Before paying. Without a notice clients don't cancel online."""
    return in_words(quote.refund, quote.amount, notice_minutes)


def if_cancelled_now(decision: CancelDecision, amount: Money, timezone: str) -> str:
    """Before cancelling: "You get back $20.00 of $40.00 if you cancel now; nothing after Tuesday, ..."."""
    told = f"You get back {_share(amount, decision.refund_percent)} if you cancel now"
    for now, then in pairwise(decision.refund_steps):
        told += f"; {_less(amount, then.percent)} after {spoken_time(now.until, timezone)}"
    return f"{told}."


def if_moved_now(decision: CancelDecision, amount: Money) -> str:
    """Before moving, where less than all would go back: moving doesn't bring back what has lapsed."""
    if decision.refund_percent == ALL_OF_IT:
        return ""
    return f"If you cancel the new time, you get back {_share(amount, decision.refund_percent, most=True)}."


def _share(amount: Money, percent: int, *, most: bool = False) -> str:
    if percent == ALL_OF_IT:
        return f"all of your {amount}"
    if percent == NOTHING:
        return f"nothing of your {amount}"
    return f"{'at most ' if most else ''}{part_of(amount, percent)} of {amount}"


def _less(amount: Money, percent: int) -> str:
    return "nothing" if percent == NOTHING else str(part_of(amount, percent))
