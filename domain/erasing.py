"""May this client be erased? Not while an appointment is ahead or money is under way: that has to end first."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.states import BLOCKING, AppointmentStatus, PaymentState


class Obstacle(StrEnum):
    APPOINTMENT_AHEAD = "appointment_ahead"
    TIME_BEING_CHOSEN = "time_being_chosen"  # paid, and another time may be chosen, or the money had back
    FEE_UNDER_WAY = "fee_under_way"
    REFUND_UNDER_WAY = "refund_under_way"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an appointment of the client's stands, with its money.

    With each payment, whether a checkout was ever opened for it; `refund_owed` where money still has to go back, and
    nobody has decided to leave it at that.
    """

    appointment_id: str
    status: AppointmentStatus
    ends_at: datetime
    choose_until: datetime | None
    payments: Sequence[tuple[PaymentState, bool]]
    refund_owed: bool = False


@dataclass(frozen=True, kw_only=True)
class InTheWay:
    obstacle: Obstacle
    appointment_id: str


def in_the_way(standings: Sequence[Standing], now: datetime) -> list[InTheWay]:
    """Everything that has to end before the client can be erased; empty when they can be."""
    return [
        InTheWay(obstacle=obstacle, appointment_id=one.appointment_id)
        for one in standings
        for obstacle in _obstacles(one, now)
    ]


def _obstacles(one: Standing, now: datetime) -> list[Obstacle]:
    found = []
    # A held time blocks for as long as it is held, however late its release.
    if one.status is AppointmentStatus.PENDING or (one.status in BLOCKING and one.ends_at > now):
        found.append(Obstacle.APPOINTMENT_AHEAD)
    if one.choose_until is not None:
        found.append(Obstacle.TIME_BEING_CHOSEN)
    if any(_under_way(state, checkout) for state, checkout in one.payments):
        found.append(Obstacle.FEE_UNDER_WAY)
    if one.refund_owed:
        found.append(Obstacle.REFUND_UNDER_WAY)
    return found


def _under_way(state: PaymentState, checkout: bool) -> bool:
    """A fee for which no checkout was ever opened can't be paid any more once its time was let go."""
    return state is PaymentState.AUTHORIZED or (state is PaymentState.REQUESTED and checkout)


def confirmed_by(typed: str, first_name: str, last_name: str) -> bool:
    """Whether what was typed is this client's name; case and blanks don't matter."""
    return bool(typed.strip()) and _bare(typed) == _bare(f"{first_name} {last_name}")


def _bare(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
