"""What came of telling a recorded event."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio.service import RPCError


@dataclass(frozen=True, kw_only=True)
class Told:
    """Temporal has accepted it, or there is nobody left whom it concerns."""


@dataclass(frozen=True, kw_only=True)
class NotYet:
    """Try again: the engine is away, or the workflow isn't there yet. `weather` tries never run out."""

    reason: str
    weather: bool


@dataclass(frozen=True, kw_only=True)
class Never:
    """It can't be told; a person has to look."""

    reason: str


Delivered = Told | NotYet | Never


def away(error: RPCError | RuntimeError) -> NotYet:
    """A RuntimeError is a lazy client's first call, while the engine is away."""
    return NotYet(reason=error.status.name.lower() if isinstance(error, RPCError) else "no connection", weather=True)
