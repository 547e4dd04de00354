"""What keeping a waitlist answers, and the port behind which it is done: its gates are those of booking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class HeldOffer:
    """An open offer; `told` once its mail has gone out."""

    offer_id: str
    client_id: str
    expires_at: datetime
    told: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is held now, and when to look again: an offer ends, or a night in which somebody was passed over.

    `taken_back` are offers whose client has been told of them, and not yet that they don't stand.
    """

    offers: tuple[HeldOffer, ...]
    look_again_at: datetime | None
    taken_back: tuple[HeldOffer, ...] = ()


class WaitlistKeeping(Protocol):
    async def keep(self, provider_id: str, now: datetime) -> Kept: ...

    async def ring_where_needed(self, now: datetime) -> int: ...
