"""What happens to the fee, said to the client before paying and before cancelling, and to staff."""

from __future__ import annotations

from itertools import pairwise

from db.cancelling import due_back
from db.fees import amount_of
from db.models import Payment
from domain.decisions import CancelDecision
from domain.fees import FeeQuote
from domain.money import Money
from domain.refunds import ALL_OF_IT, NOTHING, in_words, part_of, still_due
from domain.states import PaymentState
from domain.wording import spoken_time

_BANK_DECIDES = "Your bank is looking into your payment, and decides first what goes back of it."


def rule(quote: FeeQuote, notice_minutes: int | None) -> str:
    """Before paying. Without a notice clients don't cancel online."""
    return in_words(quote.refund, quote.amount, notice_minutes)


def if_cancelled_now(
    decision: CancelDecision,
    amount: Money,
    timezone: str,
    given_minor: int = 0,
    *,
    lost_minor: int = 0,
    disputed: bool = False,
) -> str:
    """Before cancelling: "You get back $20.00 of $40.00 if you cancel now; nothing after Tuesday, ...".

    `given_minor` has been given back by hand already, or is on its way; `lost_minor` the client's bank has taken back.
    """
    if disputed:
        return _BANK_DECIDES
    if given_minor or lost_minor:
        more = still_due(amount, decision.refund_percent, given_minor, lost_minor)
        given, lost = (Money(amount_minor=one, currency=amount.currency) for one in (given_minor, lost_minor))
        gone = [f"the practice has given back {given}"] if given_minor else []
        gone += [f"your bank has given back {lost}"] if lost_minor else []
        more_words = f"You get back {more} more" if more.amount_minor else "Nothing more goes back"
        return f"Of your {amount} {' and '.join(gone)}. {more_words} if you cancel now."
    told = f"You get back {_share(amount, decision.refund_percent)} if you cancel now"
    for now, then in pairwise(decision.refund_steps):
        told += f"; {_less(amount, then.percent)} after {spoken_time(now.until, timezone)}"
    return f"{told}."


def if_practice_cancels(payment: Payment) -> str:
    """To staff, of a fee that was taken: all that is left of it goes back."""
    amount = amount_of(payment)
    if payment.disputed:
        return f"the client’s bank disputes the fee of {amount}, and decides first what goes back of it"
    back = Money(amount_minor=due_back(payment, ALL_OF_IT), currency=amount.currency)
    if back == amount:
        return f"the fee of {amount} goes back in full, since it is the practice that cancels"
    if back.amount_minor:
        return f"{back} of the fee of {amount} goes back; the rest has gone already"
    return f"nothing more of the fee of {amount} goes back: all of it has gone already"


def if_no_time_is_chosen(payment: Payment) -> str:
    """To a client who may choose another time for what was paid, and would rather have it back."""
    amount = amount_of(payment)
    if payment.state != PaymentState.CAPTURED:
        return f"Your {amount} is let go at your bank; nothing is charged."
    if payment.disputed:
        return _BANK_DECIDES
    back = Money(amount_minor=due_back(payment, ALL_OF_IT), currency=amount.currency)
    if back == amount:
        return f"Your {amount} goes back in full to the card you paid with."
    if back.amount_minor:
        return f"{back} of your {amount} goes back to the card you paid with; the rest has been given back already."
    return f"All of your {amount} has been given back already."


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
