"""What the webhooks take, give and refuse, for /openapi.json."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from domain.errors import (
    CancelNotAllowed,
    Conflict,
    GreetingMissing,
    MailDeclined,
    NotFound,
    ProviderLeft,
    RateLimited,
    SignatureInvalid,
    SignupClosed,
    SubscriptionInactive,
)
from web.described import Told


class SignUp(TypedDict):
    """`fields` by the provider's sign-up form; `website` is a trap for programs and stays empty."""

    fields: dict[str, Any]
    website: NotRequired[str]


class SignedUp(TypedDict):
    signup_id: str


class Command(TypedDict):
    """Standard Webhooks."""

    type: Literal["client.invited", "client.new_client_forms_requested", "appointment.cancelled", "appointment.no_show"]
    timestamp: NotRequired[str]
    data: dict[str, Any]


class CommandTaken(TypedDict):
    event_id: str
    client_id: str


class StripeEvent(TypedDict):
    """Read as a doorbell only: what it is about is looked up."""

    id: str
    type: str


class EventTaken(TypedDict):
    received: Literal[True]
    result: Literal["noticed", "kept", "dropped"]


_EVENT = Told(takes=StripeEvent, gives=EventTaken, refuses=(SignatureInvalid,))

WEBHOOKS = {
    "POST /webhooks/signups/{provider}": Told(
        takes=SignUp,
        gives=SignedUp,
        refuses=(SignupClosed, SubscriptionInactive, Conflict, RateLimited),
        example={"fields": {"first_name": "Ana", "last_name": "Example", "email": "ana@example.com"}},
    ),
    "POST /webhooks/providers/{provider}": Told(
        takes=Command,
        gives=CommandTaken,
        refuses=(
            *(SignatureInvalid, NotFound, ProviderLeft, SubscriptionInactive, Conflict),
            *(GreetingMissing, MailDeclined, CancelNotAllowed, RateLimited),
        ),
        example={
            "type": "client.invited",
            "timestamp": "2026-12-01T14:00:00Z",
            "data": {"email": "ines@example.com", "first_name": "Ines", "last_name": "Invited"},
        },
    ),
    "POST /webhooks/stripe/fees": _EVENT,
    "POST /webhooks/stripe/subscriptions": _EVENT,
}
