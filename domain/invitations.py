"""Invitations: how one stands, and what the practice may do with it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import (
    Conflict,
    DomainError,
    InvitationExpired,
    InvitationRevoked,
    InvitationUsed,
    RateLimited,
)
from domain.wording import spoken_time


class RevokedBecause(StrEnum):
    """Why a link was ended before its time."""

    PRACTICE = "practice"  # the practice took it back, or closed the client's way
    REPLACED = "replaced"  # a newer one was issued
    LAPSED = "lapsed"  # nobody answered for very long


class InvitationState(StrEnum):
    ISSUED = "issued"  # its mail isn't out yet
    SENT = "sent"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"  # by the practice
    REPLACED = "replaced"


@dataclass(frozen=True, kw_only=True)
class InvitationTimes:
    issued_at: datetime
    expires_at: datetime
    sent_at: datetime | None = None
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_because: RevokedBecause | None = None


_ENDED = {
    RevokedBecause.PRACTICE: InvitationState.REVOKED,
    RevokedBecause.REPLACED: InvitationState.REPLACED,
    RevokedBecause.LAPSED: InvitationState.EXPIRED,
}


def invitation_state(times: InvitationTimes, now: datetime) -> InvitationState:
    if times.accepted_at is not None:
        return InvitationState.ACCEPTED
    if times.revoked_at is not None:
        return _ENDED[times.revoked_because or RevokedBecause.REPLACED]
    if now >= times.expires_at:
        return InvitationState.EXPIRED
    return InvitationState.SENT if times.sent_at is not None else InvitationState.ISSUED


def is_invited(newest: InvitationState | None, *, ever_sent: bool) -> bool:
    """For the portal status: one that has expired can still be renewed, one that was taken back counts for nothing."""
    return ever_sent and newest is not InvitationState.REVOKED


def link_refusal(state: InvitationState) -> DomainError | None:
    """Why a link doesn't work; None while it does."""
    match state:
        case InvitationState.ISSUED | InvitationState.SENT:
            return None
        case InvitationState.ACCEPTED:
            return InvitationUsed("This invitation has been used. Please sign in with your password.")
        case InvitationState.REVOKED:
            return InvitationRevoked("The practice has taken this invitation back. Please ask them about it.")
    return InvitationExpired("This invitation isn't valid any more. Please ask the practice for a new one.")


def again_refusal(*, has_account: bool) -> DomainError | None:
    """May a new link be sent? Also when the earlier one was taken back, and when the way has ended."""
    return Conflict("This client has opened an account already.") if has_account else None


def revoke_refusal(*, has_account: bool) -> DomainError | None:
    """May the invitation be taken back? Whether or not it has gone out; an expired one could be renewed."""
    if has_account:
        return Conflict("This client has opened the account already: there is no invitation to take back.")
    return None


def too_many_invitations(most: int, now: datetime, possible_at: datetime, timezone: str) -> RateLimited:
    """One mailbox has had its share of the day; `possible_at`, said in that zone, is when the next one can be sent."""
    times = "1 invitation" if most == 1 else f"{most} invitations"
    return RateLimited(
        f"This email address has been sent {times} today, the most that one address gets in a day. "
        f"The next one can be sent from {spoken_time(possible_at, timezone)}.",
        retry_after_seconds=max(1, math.ceil((possible_at - now).total_seconds())),
        limit="invitation-mail",
        possible_at=possible_at.isoformat(),
    )
