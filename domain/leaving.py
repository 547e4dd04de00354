"""A provider leaves the practice: what stands in the way, and what becomes of all that is theirs."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import Conflict, DomainError, ValidationFailed
from domain.texts import clean_text

LONGEST_WORDS = 300
GONE = "This provider has left the practice. Please call the practice: they will tell you who can see you."


@dataclass(frozen=True, kw_only=True)
class Affairs:
    """What a provider has to do with, counted at one moment.

    `ahead` are appointments that are held, booked, or owed another time; `under_way` clients whose first visit
    hasn't been;
    `payments` fees, refunds and disputes that aren't settled.
    """

    ahead: int
    under_way: int
    waiting: int
    payments: int
    sign_ins: int
    feed: bool
    busy_calendar: bool


def leave_refusal(affairs: Affairs) -> DomainError | None:
    """Why the provider can't leave yet, if so: nobody's appointment falls away in silence."""
    if affairs.ahead == 0:
        return None
    count = "An appointment is" if affairs.ahead == 1 else f"{affairs.ahead} appointments are"
    return Conflict(f"{count} still ahead. Please move or cancel first what they have.", appointments=affairs.ahead)


def closing_reason(name: str) -> str:
    """Kept with the clients whose way is closed with it."""
    return f"{name} has left the practice"


def read_words(words: str | None) -> str | None:
    """What the practice says in its own words to who comes looking for them. Raises ValidationFailed."""
    try:
        return clean_text(words or "", LONGEST_WORDS) or None
    except ValueError as error:
        raise ValidationFailed.of("words", str(error)) from None
