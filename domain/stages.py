"""A client's way: its stages, the legal moves between them, and the closed words around it."""

from __future__ import annotations

from enum import StrEnum

from domain.errors import Conflict


class Track(StrEnum):
    ANONYMOUS = "anonymous"  # signed up on the website
    INVITED = "invited"  # invited by the provider


class PortalStatus(StrEnum):
    """As the provider sees it."""

    NO = "no"
    PENDING = "pending"
    ACTIVE = "active"


class Stage(StrEnum):
    RECORDED = "recorded"
    INVITED = "invited"
    ACCOUNT = "account"
    INTAKE = "intake"
    READY = "ready"
    BOOKED = "booked"
    CLOSED = "closed"


class JourneyOutcome(StrEnum):
    BOOKED = "booked"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Actor(StrEnum):
    CLIENT = "client"
    STAFF = "staff"
    SYSTEM = "system"


_MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.RECORDED: frozenset({Stage.INVITED, Stage.ACCOUNT, Stage.BOOKED, Stage.CLOSED}),
    Stage.INVITED: frozenset({Stage.ACCOUNT, Stage.BOOKED, Stage.CLOSED}),
    Stage.ACCOUNT: frozenset({Stage.INTAKE, Stage.READY, Stage.BOOKED, Stage.CLOSED}),
    Stage.INTAKE: frozenset({Stage.READY, Stage.BOOKED, Stage.CLOSED}),
    Stage.READY: frozenset({Stage.BOOKED, Stage.CLOSED}),
    # A booked client goes back where they stood when the appointment is cancelled, and may do what was left out.
    Stage.BOOKED: frozenset({Stage.RECORDED, Stage.INVITED, Stage.ACCOUNT, Stage.INTAKE, Stage.READY, Stage.CLOSED}),
    Stage.CLOSED: frozenset({Stage.INVITED, Stage.ACCOUNT, Stage.READY, Stage.BOOKED}),
}


def move(stage: Stage, to: Stage) -> Stage:
    """`to`, if the move is legal (staying is). Raises Conflict otherwise."""
    if to is not stage and to not in _MOVES[stage]:
        raise Conflict(f"A client can't go from {stage} to {to}", stage=str(stage))
    return to


def portal_status(*, invited: bool, account: bool) -> PortalStatus:
    """No / Pending / Active."""
    if account:
        return PortalStatus.ACTIVE
    return PortalStatus.PENDING if invited else PortalStatus.NO
