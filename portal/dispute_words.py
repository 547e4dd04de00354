"""How a dispute stands, why, and what is to be done about it, in plain words."""

from __future__ import annotations

from db.models import Dispute
from domain.disputes import DisputeStatus

STATUS = {
    DisputeStatus.NEEDS_RESPONSE: "Needs your answer",
    DisputeStatus.UNDER_REVIEW: "The bank decides",
    DisputeStatus.WON: "Won",
    DisputeStatus.LOST: "Lost",
    DisputeStatus.CLOSED: "Closed without a dispute",
}
TONE = {
    DisputeStatus.NEEDS_RESPONSE: "trouble",
    DisputeStatus.UNDER_REVIEW: "wait",
    DisputeStatus.WON: "good",
    DisputeStatus.LOST: "quiet",
    DisputeStatus.CLOSED: "good",
}
_REASON = {
    "bank_cannot_process": "The bank couldn't process the charge",
    "credit_not_processed": "The cardholder says that a refund is missing",
    "customer_initiated": "The cardholder asked for the money back",
    "duplicate": "The cardholder says that they were charged twice",
    "fraudulent": "The cardholder says that they didn't make this payment",
    "general": "The bank gave no particular reason",
    "product_not_received": "The cardholder says that the appointment didn't take place",
    "product_unacceptable": "The cardholder wasn't satisfied",
    "subscription_canceled": "The cardholder says that they had cancelled",
    "unrecognized": "The cardholder doesn't recognize the charge",
}


def reason(word: str) -> str:
    return _REASON.get(word, word.replace("_", " ").capitalize())


def what_to_do(dispute: Dispute) -> str:
    match DisputeStatus(dispute.status):
        case DisputeStatus.NEEDS_RESPONSE:
            return (
                "Download the evidence, look it through, and answer in Stripe's dashboard. "
                "Whoever doesn't answer in time loses the money. Don't refund: it would go back twice."
            )
        case DisputeStatus.UNDER_REVIEW:
            return "Your answer is with the bank. It can take two to three months; there is nothing to do meanwhile."
        case DisputeStatus.WON:
            return "The money is yours again. What was owed to the client meanwhile goes back by itself."
        case DisputeStatus.LOST:
            return "The bank has given the money back to the cardholder for good. Nothing more can be refunded of it."
        case DisputeStatus.CLOSED:
            return "The bank asked, and left it at that. Nothing was taken back."


_MAIL = {
    "invitation": "Invitation to the client portal",
    "invitation_reminder": "Reminder of the invitation",
    "booking_confirmation": "Confirmation of the appointment, with the refund rule",
    "appointment_reminder": "Reminder of the appointment",
    "move_notice": "Notice of the appointment's new time",
    "cancellation_notice": "Notice of the cancellation",
}


def mail(kind: str) -> str:
    return _MAIL.get(kind, kind.replace("_", " ").capitalize())
