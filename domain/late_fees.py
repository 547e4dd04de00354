"""A fee that comes in after its time was let go: what it is good for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.stages import Actor


class LateFee(StrEnum):
    """What a fee is good for that comes in after its time was let go."""

    KEEP_TIME = "keep_time"  # still free: the appointment stands after all
    CHOOSE_AGAIN = "choose_again"  # given to somebody else, or over: another time, without paying again
    RETURN = "return"


def late_fee(*, let_go_by: Actor, superseded: bool, starts_at: datetime, free: bool, now: datetime) -> LateFee:
    """Only a time that fell away by itself is taken up again. `superseded`: the client has booked another since."""
    if let_go_by is not Actor.SYSTEM or superseded:
        return LateFee.RETURN
    return LateFee.KEEP_TIME if free and starts_at > now else LateFee.CHOOSE_AGAIN
