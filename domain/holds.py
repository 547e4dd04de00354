"""How long a time is held while its fee is paid, and the one extension that a client can ask for.

A checkout's end can't be changed once it is open. So each is opened to outlive its hold by an hour, the hold's end is
what closes it, and an extension stays within that hour: whoever asks for more time can really pay until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.errors import Conflict, DomainError
from domain.states import AppointmentStatus

CHECKOUT_OUTLIVES_HOLD = timedelta(hours=1)
LONGEST_EXTENSION = timedelta(minutes=30)
# Checkouts are open for a day at most: what outlives the hold has to fit in, and clocks that differ.
LONGEST_HOLD = timedelta(hours=22)
# Whoever has this long needs no extension (WCAG 2.2.1).
_LONG_ENOUGH = timedelta(hours=20)


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is known of an appointment whose fee is being paid; `payable` while its checkout is open to the client."""

    status: AppointmentStatus
    expires_at: datetime | None
    extended: bool
    payable: bool
    given_up: bool
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class ExtendDecision:
    """May the hold be extended, and until when it then lasts."""

    refusal: DomainError | None
    until: datetime | None

    @property
    def allowed(self) -> bool:
        return self.refusal is None


def extend_decision(held: Held, *, hold: timedelta, now: datetime) -> ExtendDecision:
    """Once, by as long as a time is held (`hold`), half an hour at most, and never beyond the visit's beginning."""
    refusal: DomainError | None = None
    until: datetime | None = None
    if held.status is not AppointmentStatus.PENDING or held.expires_at is None or held.given_up:
        refusal = Conflict("This time isn't held any more.", appointment_status=str(held.status))
    elif held.extended:
        refusal = Conflict("The time has been held longer once already.", hold_expires_at=held.expires_at.isoformat())
    elif now >= held.expires_at:
        refusal = Conflict("The hold has just ended.", hold_expires_at=held.expires_at.isoformat())
    elif not held.payable:
        refusal = Conflict("There is nothing to be paid for this time now.")
    else:
        until = min(held.expires_at + min(hold, LONGEST_EXTENSION), held.starts_at)
        if hold > _LONG_ENOUGH or until <= held.expires_at:
            refusal = Conflict("This time can't be held any longer.", hold_expires_at=held.expires_at.isoformat())
    return ExtendDecision(refusal=refusal, until=None if refusal else until)
