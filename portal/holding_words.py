"""What is held about a client, in words: for the index of an export, and for the preview of an erasure."""

from __future__ import annotations

from db.held import Holding
from domain.erasing import Obstacle

HOLDING = {
    Holding.CONTACT: "Name and contact data",
    Holding.ACCOUNT: "Portal account",
    Holding.ADDRESS_CHANGES: "Changes of the email address",
    Holding.SESSIONS: "Where they are signed in",
    Holding.PASSWORD_LINKS: "Links for a new password",
    Holding.SIGNUP: "Sign-up with its answers and consents",
    Holding.INVITATIONS: "Invitations to the portal",
    Holding.INTAKE: "Intake answers, drafts and signatures",
    Holding.FILED: "Answers filed in the record system",
    Holding.OVERRIDES: "Settings for this client only",
    Holding.BATCHES: "What was done for them and many others at once",
    Holding.APPOINTMENTS: "Appointments",
    Holding.PAYMENTS: "Fees",
    Holding.REFUNDS: "Refunds",
    Holding.WAIVERS: "Waived fees",
    Holding.DISPUTES: "Disputes of fees",
    Holding.WISHES: "Wishes on the waitlist",
    Holding.OFFERS: "Times offered from the waitlist",
    Holding.MAILS: "Mails sent to or about them",
    Holding.ACCOUNT_MAILS: "Mails sent to their account",
    Holding.DECLINED: "Their wish for no greetings and reminders",
    Holding.TWO_PERSONS: "Decisions that they are not the same person as somebody else",
    Holding.CALLED_OFF: "Their appointments on days that were called off",
    Holding.TIMELINE: "Timeline",
    Holding.ATTENTION: "Steps that needed attention",
    Holding.EVENTS: "What was accepted from outside, by ids",
    Holding.REPEATS: "Requests that are known as repeats",
    Holding.KEY: "The key that their answers are sealed under",
    Holding.AUDIT: "Lines of the audit log",
}
# What is left of it.
STAYS = {
    Holding.CONTACT: "An empty row in place of the client, so that the ledger adds up",
    Holding.APPOINTMENTS: "Appointments: times and states, without reasons",
    Holding.PAYMENTS: "Fees: amounts and the processor’s references",
    Holding.DISPUTES: "Disputes: amounts and the processor’s references",
    Holding.REFUNDS: "Refunds: amounts and the processor’s references",
    Holding.EVENTS: "What was accepted from outside, by ids",
    Holding.AUDIT: "Lines of the audit log: who did what, by ids",
    Holding.ACCOUNT: "The portal account: somebody else is behind it, too",
    Holding.ADDRESS_CHANGES: "Its changes of the email address",
    Holding.SESSIONS: "Where that account is signed in",
    Holding.PASSWORD_LINKS: "Its links for a new password",
    Holding.ACCOUNT_MAILS: "Mails sent to that account",
    Holding.DECLINED: "The wish for no greetings and reminders: somebody else has that address, too",
}
OBSTACLE = {
    Obstacle.APPOINTMENT_AHEAD: "is ahead. Cancel it first; a fee that was paid goes back in full.",
    Obstacle.TIME_BEING_CHOSEN: "is paid, and another time is being chosen for it. Choose one, or give the money back.",
    Obstacle.FEE_UNDER_WAY: "has a fee under way. Wait until it is paid or let go.",
    Obstacle.REFUND_UNDER_WAY: "has a refund under way. Wait until it has arrived, or answer what needs attention.",
}
