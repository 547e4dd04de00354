"""A fee for the first visit only: which appointments owe nothing because of which other one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.errors import CancelNotAllowed, DomainError
from domain.states import AppointmentStatus


@dataclass(frozen=True, kw_only=True)
class VisitOfTheirs:
    """One appointment of a client's that stands or was kept, or is about to stand.

    `covered`: no fee was asked of it, because it wasn't the first visit. One that never has a fee (`free`) covers none.
    """

    id: str
    status: AppointmentStatus
    created_at: datetime
    covered: bool
    free: bool = False


def resting_on(appointment_id: str, visits: Sequence[VisitOfTheirs]) -> list[VisitOfTheirs]:
    """Those ahead that would owe a fee if this one hadn't been booked before them: nothing else covers them."""
    return [
        one
        for one in visits
        if one.id != appointment_id
        and one.covered
        and one.status in (AppointmentStatus.PENDING, AppointmentStatus.BOOKED)
        and not any(_covers(other, one) for other in visits if other.id not in (appointment_id, one.id))
        and any(_covers(other, one) for other in visits if other.id == appointment_id)
    ]


def _covers(earlier: VisitOfTheirs, later: VisitOfTheirs) -> bool:
    """What was kept covers all that comes; what is ahead covers what was booked after it."""
    if earlier.free or earlier.status is AppointmentStatus.PENDING:
        return False
    return earlier.status is AppointmentStatus.FULFILLED or earlier.created_at < later.created_at


def cover_refusal(resting: Sequence[VisitOfTheirs]) -> DomainError | None:
    """Why a client can't cancel: the fee would go back, and what was free because of it would stand for nothing."""
    if not resting:
        return None
    one = len(resting) == 1
    return CancelNotAllowed(
        f"Your {'other appointment' if one else 'other appointments'} came without a fee because of this one. Please "
        f"cancel {'that one' if one else 'those'} first, or move this one to another time.",
        covers=len(resting),
    )
