"""One action for many clients: who is left out and why, and what has become of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from domain.invitations import InvitationState

MOST_CLIENTS = 1000


class BatchAction(StrEnum):
    SEND_FORMS = "send_new_client_forms"
    INVITE_AGAIN = "send_invitation_again"
    REVOKE = "revoke_invitation"
    INVITE = "invite"  # a list of new clients, all of them written in one transaction


# What can be done for clients who are there already.
FOR_CLIENTS = (BatchAction.SEND_FORMS, BatchAction.INVITE_AGAIN, BatchAction.REVOKE)
# The step of a journey that mails a new client's first invitation.
FIRST_INVITATION_STEP = "portal_invitation"


class ItemState(StrEnum):
    WAITING = "waiting"
    DONE = "done"  # asked of the client's journey, which sends what is to be sent
    LEFT_OUT = "left_out"


class LeftOut(StrEnum):
    """Why nothing is done for one of those who were chosen."""

    ACCOUNT_OPEN = "account_open"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    NO_GREETING = "no_greeting"
    DECLINED = "declined"
    JUST_SENT = "just_sent"
    TOO_MANY = "too_many"  # invitations to that address today
    REFUSED = "refused"  # by a rule that changed in the meantime


class Outcome(StrEnum):
    """What has become of one client's part, mails included."""

    WAITING = "waiting"
    ON_ITS_WAY = "on_its_way"
    SENT = "sent"
    NOT_SENT = "not_sent"  # dropped, or skipped by somebody
    NEEDS_ATTENTION = "needs_attention"
    REVOKED = "revoked"
    LEFT_OUT = "left_out"

    @property
    def final(self) -> bool:
        return self not in (Outcome.WAITING, Outcome.ON_ITS_WAY)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """`invitation` is how the newest one stands."""

    has_account: bool
    withdrawn: bool
    duplicate: bool
    invitation: InvitationState | None
    greeting_written: bool
    declines_mail: bool


def left_out(action: BatchAction, facts: Facts) -> LeftOut | None:
    """None for those for whom it is done. A single client can be written to all the same where no rule forbids it."""
    if facts.duplicate:
        return LeftOut.DUPLICATE
    match action:
        case BatchAction.SEND_FORMS:
            if facts.withdrawn:
                return LeftOut.WITHDRAWN
            if not facts.greeting_written:
                return LeftOut.NO_GREETING
            return LeftOut.DECLINED if facts.declines_mail else None
        case BatchAction.INVITE_AGAIN:
            if facts.has_account:
                return LeftOut.ACCOUNT_OPEN
            return LeftOut.WITHDRAWN if facts.withdrawn else None
        case BatchAction.REVOKE:
            if facts.has_account:
                return LeftOut.ACCOUNT_OPEN
            return LeftOut.REVOKED if facts.invitation is InvitationState.REVOKED else None
        case BatchAction.INVITE:
            return None


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one step has done, and what is left."""

    done: int
    left: int


class BatchWork(Protocol):
    """Carries out what the practice has confirmed, client by client, each in a transaction of its own."""

    async def do_part(self, batch_id: str, most: int) -> Part: ...
