"""May the practice end this client's way? And which appointments does that call off?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.errors import Conflict, DomainError
from domain.stages import Stage
from domain.states import BLOCKING, AppointmentStatus


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One appointment; `choose_until` where its time was lost, its fee is in, and another time may be chosen."""

    appointment_id: str
    status: AppointmentStatus
    starts_at: datetime
    choose_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class WithdrawDecision:
    """`calls_off` are the appointments that are cancelled with it, by the practice: a fee goes back in full."""

    refusal: DomainError | None
    calls_off: tuple[str, ...] = ()


def withdraw_decision(stage: Stage, visits: Sequence[Visit], now: datetime) -> WithdrawDecision:
    """Until the first visit has begun, at every stage: what is held, booked or paid for is called off."""
    if stage is Stage.CLOSED:
        return WithdrawDecision(refusal=Conflict("This client's way is closed already.", stage=str(stage)))
    if any(_has_begun(one, now) for one in visits):
        detail = (
            "The first visit has begun or is over: there is no way left to close. Cancel single appointments instead."
        )
        return WithdrawDecision(refusal=Conflict(detail, stage=str(stage)))
    return WithdrawDecision(refusal=None, calls_off=tuple(one.appointment_id for one in visits if _stands(one)))


def _has_begun(one: Visit, now: datetime) -> bool:
    """A visit counts from its beginning, before anybody has noted how it went; one that was missed counts, too."""
    if one.status in (AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW):
        return True
    return one.status is AppointmentStatus.BOOKED and one.starts_at <= now


def _stands(one: Visit) -> bool:
    return one.status in BLOCKING or one.choose_until is not None
