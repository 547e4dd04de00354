"""The waitlist by API: a provider's list, a client's own wish, and the offers of freed times."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from domain.errors import (
    CancelNotAllowed,
    CancelWindowClosed,
    NotFound,
    OfferOver,
    TimesFree,
    WaitlistOff,
)
from domain.waitlist import OfferState, WishEnd
from portal.described import answers, requests
from portal.described import words as w
from portal.described.client_side import BOOKING_RULES
from web.described import Told, listed

WishEndWord = Annotated[str, w.one_of(WishEnd)]
OfferWord = Annotated[str, w.one_of(OfferState)]
Replaced = Annotated[str | None, Field(description="The booked appointment that an earlier time is wished for.")]

# In the functional form: `from` is a word of Python's.
AskedWish = TypedDict(
    "AskedWish",
    {
        "from": w.Day,
        "until": w.Day,
        "weekdays": NotRequired[list[w.Weekday] | None],
        "start": NotRequired[w.Clock | None],
        "end": NotRequired[w.Clock | None],
        "notice_hours": NotRequired[int | None],
        "timezone": NotRequired[str | None],
        "type": NotRequired[w.TypeToBook],
        "appointment_id": NotRequired[Replaced],
    },
)
AskedWish.__pydantic_config__ = w.CLOSED  # type: ignore[attr-defined]


class WishOfClient(AskedWish):
    client_id: str


_AS_IT_IS = TypedDict(
    "_AS_IT_IS",
    {
        "from": w.Day,
        "until": w.Day,
        "weekdays": list[w.Weekday],
        "start": w.Clock,
        "end": w.Clock,
        "notice_hours": int,
        "timezone": str,
    },
)


class Wish(_AS_IT_IS):
    id: str
    client_id: str
    type: str
    appointment_id: Replaced
    asked_at: w.Instant
    asked_by: w.ActorWord
    ended_at: w.Instant | None
    ended_because: WishEndWord | None


class HeldTime(TypedDict):
    id: str
    client_id: str
    starts_at: w.Instant
    ends_at: w.Instant
    state: OfferWord
    offered_at: w.Instant
    expires_at: w.Instant
    appointment_id: Annotated[str | None, Field(description="What came of it.")]


class PassedOver(TypedDict):
    rule: str
    detail: str


class Waiting(Wish):
    offer: HeldTime | None
    passed_over: PassedOver | None


class OwnWaitlist(TypedDict):
    offered: Annotated[bool, Field(description="Whether there is a waitlist here.")]
    wish: Annotated[Wish | None, Field(description="The newest one, ended or not.")]
    offer: Annotated[HeldTime | None, Field(description="The time that is held right now.")]


class TakeOffer(TypedDict):
    quote: NotRequired[Annotated[str | None, Field(description="The reference of the one that was shown.")]]


TakeOffer.__pydantic_config__ = w.CLOSED  # type: ignore[attr-defined]

_LIST = "/api/v1/providers/{provider}/waitlist"
_OFFER = "/api/v1/portal/waitlist/offers/{offer_id}"
_ASKING = (*BOOKING_RULES, WaitlistOff, TimesFree, CancelWindowClosed, CancelNotAllowed)
_A_WISH = {"from": "2026-12-01", "until": "2026-12-18", "weekdays": ["monday", "friday"], "start": "09:00"}

WAITLIST_SIDE = {
    f"GET {_LIST}": Told(gives=listed(Waiting)),
    f"POST {_LIST}": Told(
        takes=WishOfClient,
        gives=Wish,
        refuses=(*_ASKING, NotFound),
        example={"client_id": "cli_abcdefghij2345670000", **_A_WISH},
    ),
    f"POST {_LIST}/{{wish_id}}/remove": Told(takes=requests.GivenReason, gives=Wish),
    "GET /api/v1/portal/waitlist": Told(gives=OwnWaitlist),
    "PUT /api/v1/portal/waitlist": Told(takes=AskedWish, gives=OwnWaitlist, refuses=_ASKING, example=_A_WISH),
    "DELETE /api/v1/portal/waitlist": Told(gives=OwnWaitlist),
    f"POST {_OFFER}/take": Told(
        may_take=TakeOffer,
        gives={201: answers.Appointment, 202: answers.Appointment},
        refuses=(*BOOKING_RULES, OfferOver, CancelWindowClosed, CancelNotAllowed),
    ),
    f"POST {_OFFER}/decline": Told(gives=HeldTime, refuses=(OfferOver,)),
}
