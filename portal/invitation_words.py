"""The words for how an invitation stands, and the one line that says it beside the portal status."""

from __future__ import annotations

from datetime import datetime

from db.invitations import state_of
from db.models import Invitation
from domain.invitations import InvitationState
from portal.wording import short_day

STATE = {
    InvitationState.ISSUED: "On its way",
    InvitationState.SENT: "Sent",
    InvitationState.ACCEPTED: "Accepted",
    InvitationState.EXPIRED: "Expired",
    InvitationState.REVOKED: "Revoked",
    InvitationState.REPLACED: "Replaced by a newer one",
}
TONE = {
    InvitationState.ACCEPTED: "good",
    InvitationState.ISSUED: "wait",
    InvitationState.SENT: "wait",
    InvitationState.REVOKED: "trouble",
}


def standing_line(invitation: Invitation | None, now: datetime, timezone: str) -> str:
    """For example "Sent Dec 1, works until Dec 15"; empty before anything was issued."""
    if invitation is None:
        return ""
    state = state_of(invitation, now)

    def on(moment: datetime | None) -> str:
        return f" {short_day(moment, timezone)}" if moment is not None else ""

    match state:
        case InvitationState.ISSUED:
            return f"On its way since{on(invitation.issued_at)}"
        case InvitationState.SENT:
            return f"Sent{on(invitation.sent_at)}, works until{on(invitation.expires_at)}"
        case InvitationState.ACCEPTED:
            return f"Since{on(invitation.accepted_at)}"
        case InvitationState.REVOKED:
            return f"Revoked{on(invitation.revoked_at)}"
        case InvitationState.EXPIRED:
            return f"Expired{on(min(invitation.expires_at, invitation.revoked_at or invitation.expires_at))}"
    return STATE[state]
