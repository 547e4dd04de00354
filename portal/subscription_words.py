"""The words of the portal subscription: what each state means for the practice, and what an owner can do in it."""

from __future__ import annotations

from dataclasses import dataclass

from commands.subscriptions import SubscriptionRecord
from domain.states import SubscriptionStatus
from domain.subscriptions import Ending
from domain.wording import spoken_date

_CLOSED = (
    "New clients can't sign up and nobody can book. What is booked stays booked; clients who have begun can finish "
    "their account and intake form."
)


@dataclass(frozen=True, kw_only=True)
class Guidance:
    headline: str
    text: str


def guidance(record: SubscriptionRecord, timezone: str, *, sold: bool) -> Guidance:
    """`sold`: whether this installation sells subscriptions at all."""
    standing = record.standing
    until = spoken_date(standing.closes_at, timezone) if standing.closes_at is not None else ""
    match standing.status:
        case SubscriptionStatus.NONE:
            todo = "Choose a plan to open it." if sold else "Please ask whoever runs this installation."
            return Guidance(headline="The portal isn't open yet", text=f"{_CLOSED} {todo}")
        case SubscriptionStatus.GRACE:
            text = f"The bank refused the last payment. Nothing is closed yet: please use another card before {until}."
            return Guidance(headline=f"Open until {until}", text=text)
        case SubscriptionStatus.PAST_DUE:
            text = f"The last payment was refused, and the time to mend that is over. {_CLOSED}"
            return Guidance(headline="The portal is closed", text=text)
        case SubscriptionStatus.CANCELLED:
            todo = "Choose a plan to open it again." if sold else "Please ask whoever runs this installation."
            return Guidance(headline="The portal is closed", text=f"The subscription has ended. {_CLOSED} {todo}")
    return _active(record, timezone, until)


def _active(record: SubscriptionRecord, timezone: str, until: str) -> Guidance:
    headline = "The portal is open"
    if record.standing.ending is Ending.CANCELLED:
        return Guidance(
            headline=f"Open until {until}", text="The subscription isn't renewed. Until then nothing changes."
        )
    if record.standing.ending is Ending.ENDED:
        text = "The subscription has ended at the payment processor. Choose a plan to keep the portal open."
        return Guidance(headline=f"Open until {until}", text=text)
    if not record.billed:
        return Guidance(headline=headline, text="This installation has opened it for you, without a subscription.")
    renewed = f"It is renewed on {spoken_date(record.period_end, timezone)}." if record.period_end else ""
    return Guidance(headline=headline, text=renewed)
