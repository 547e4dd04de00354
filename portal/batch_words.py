"""The words for actions on many clients, and for what has become of each."""

from __future__ import annotations

from domain.batches import FOR_CLIENTS, BatchAction, LeftOut, Outcome
from domain.client_list import RowState

ACTION = {
    BatchAction.SEND_FORMS: "Send New Client Forms",
    BatchAction.INVITE_AGAIN: "Send invitation again",
    BatchAction.REVOKE: "Revoke invitation",
    BatchAction.INVITE: "Invite a list",
}
CHOICES = {action: ACTION[action] for action in FOR_CLIENTS}
ROW = {
    RowState.READY: "Can be invited",
    RowState.WRONG: "Needs correcting",
    RowState.REPEATED: "Twice in the list",
    RowState.KNOWN: "A client already?",
    RowState.NUMBERED: "A client already",
}
ROW_TONE = {
    RowState.READY: "good",
    RowState.WRONG: "trouble",
    RowState.REPEATED: "wait",
    RowState.KNOWN: "wait",
    RowState.NUMBERED: "wait",
}
COLUMN = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Email",
    "phone": "Phone",
    "external_id": "Your number",
    "row": "Row",
}
WHAT_HAPPENS = {
    BatchAction.SEND_FORMS: "Your greeting with its attachments goes to each of them.",
    BatchAction.INVITE_AGAIN: "Each of them gets a mail with a new link. Earlier links stop working.",
    BatchAction.REVOKE: "Their links stop working at once, and no reminder goes out. You can invite them again.",
}
LEFT_OUT = {
    LeftOut.ACCOUNT_OPEN: "has opened the account already",
    LeftOut.REVOKED: "is revoked already",
    LeftOut.WITHDRAWN: "was closed by the practice; write to them one by one if you mean it",
    LeftOut.DUPLICATE: "was closed as a duplicate",
    LeftOut.NO_GREETING: "no greeting has been written for this provider",
    LeftOut.DECLINED: "has unsubscribed from such mails",
    LeftOut.JUST_SENT: "was sent this a moment ago",
    LeftOut.TOO_MANY: "has been sent as many invitations today as one address gets in a day",
    LeftOut.REFUSED: "a rule forbids it",
}
OUTCOME = {
    Outcome.WAITING: "Waiting",
    Outcome.ON_ITS_WAY: "On its way",
    Outcome.SENT: "Sent",
    Outcome.NOT_SENT: "Not sent",
    Outcome.NEEDS_ATTENTION: "Needs attention",
    Outcome.REVOKED: "Revoked",
    Outcome.LEFT_OUT: "Left out",
}
TONE = {
    Outcome.WAITING: "wait",
    Outcome.ON_ITS_WAY: "wait",
    Outcome.SENT: "good",
    Outcome.REVOKED: "good",
    Outcome.NOT_SENT: "trouble",
    Outcome.NEEDS_ATTENTION: "trouble",
}


def people(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"
