"""What an event of the payment processor says, to people who don't read its documentation."""

from __future__ import annotations

_SAYS = (
    ("checkout.session.completed", "A checkout was finished"),
    ("checkout.session.expired", "A checkout ended without a payment"),
    ("checkout.session.", "Something happened at a checkout"),
    ("payment_intent.succeeded", "A payment was taken"),
    ("payment_intent.amount_capturable_updated", "A payment was authorised, and isn't taken yet"),
    ("payment_intent.canceled", "A payment was let go"),
    ("payment_intent.payment_failed", "A card was declined"),
    ("payment_intent.", "Something happened to a payment"),
    ("charge.captured", "A payment was taken"),
    ("charge.expired", "An authorisation ran out"),
    ("charge.dispute.", "A cardholder's bank asks a payment back, or has decided"),
    ("charge.refund", "Money went back to a card"),
    ("refund.failed", "A refund came back"),
    ("refund.", "Money went back to a card"),
)


def says(kind: str) -> str:
    return next((words for start, words in _SAYS if kind.startswith(start)), "Something else")
