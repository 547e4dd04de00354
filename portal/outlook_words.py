"""The words for whose turn it is and for what comes by itself, as the practice reads them."""

from __future__ import annotations

from domain.outlook import AheadKind, Turn

TURN = {
    Turn.CLIENT_OPENS_ACCOUNT: "Waiting for the client to open the portal account.",
    Turn.CLIENT_FILLS_IN_INTAKE: "Waiting for the client to fill in the intake form.",
    Turn.CLIENT_PAYS: "A time is held; waiting for the client to pay the fee.",
    Turn.CLIENT_CHOOSES_AGAIN: "Paid; waiting for the client to choose another time.",
    Turn.CLIENT_BOOKS: "Waiting for the client to book.",
    Turn.PRACTICE_BOOKS: "Your turn: the client can't book online, so please book for them.",
    Turn.PRACTICE_ANSWERS: "Your turn: a step needs attention.",
    Turn.PORTICO_INVITES: "The invitation is on its way.",
    Turn.PRACTICE_INVITES: "Your turn: the invitation is revoked. Invite again, or close.",
    Turn.VISIT_COMES: "Everything is done. The appointment is next.",
    Turn.NOBODY: "Nobody waits for anything.",
}
# Those where somebody at the practice has to act.
OURS = frozenset({Turn.PRACTICE_BOOKS, Turn.PRACTICE_ANSWERS, Turn.PRACTICE_INVITES})

AHEAD = {
    AheadKind.INVITATION_REMINDER: "A mail reminds of the invitation",
    AheadKind.INVITATION_EXPIRES: "The invitation’s link stops working",
    AheadKind.INTAKE_REMINDER: "A mail reminds of the intake form",
    AheadKind.WAY_LAPSES: "Without an answer, this client’s way is closed",
    AheadKind.HOLD_ENDS: "The held time is let go, unless the fee is paid",
    AheadKind.FEE_GOES_BACK: "The fee goes back, unless another time is chosen",
    AheadKind.APPOINTMENT_REMINDER: "A mail reminds of the appointment",
    AheadKind.VISIT: "The appointment",
    AheadKind.ATTENTION_PASSED_ON: "What needs attention is passed on to operations",
    AheadKind.ATTENTION_LAPSES: "Without an answer, the step that needs attention is given up",
}
