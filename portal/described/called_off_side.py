"""Shapes of days that are called off."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from domain.called_off_days import MOST_DAYS_LATER, Fate, Instead, PartState, Phase
from domain.calling_off_request import LONGEST_WORDS
from domain.errors import Conflict, NotFound
from portal.described import words as w
from portal.described.words import one_of
from web.described import Told, listed

_PATH = "/api/v1/providers/{provider}/called-off-days"
_Instead = Annotated[str, one_of(Instead)]
_Fate = Annotated[str, one_of(Fate)]
_Within = Annotated[int, Field(ge=1, le=MOST_DAYS_LATER, description="Days after the last day, for a new time.")]


class CallOff(TypedDict):
    __pydantic_config__ = w.CLOSED  # type: ignore[misc]

    first_day: w.Day
    last_day: NotRequired[w.Day | None]
    from_time: NotRequired[w.Clock | None]
    to_time: NotRequired[w.Clock | None]
    instead: _Instead
    within_days: NotRequired[_Within | None]
    reason: Annotated[str, Field(description="For the record; clients don't see it.")]
    words: NotRequired[Annotated[str | None, Field(description=f"For the clients, up to {LONGEST_WORDS} characters.")]]


class Amount(TypedDict):
    amount_minor: w.Minor
    currency: w.Currency


class Asked(TypedDict):
    first_day: w.Day
    last_day: w.Day
    from_time: w.Clock | None
    to_time: w.Clock | None
    instead: _Instead
    within_days: int | None


class TouchedAppointment(TypedDict):
    appointment_id: str
    client_id: str
    starts_at: w.Instant
    becomes: _Fate
    moves_to: w.Instant | None
    refund: Amount | None
    reachable: Annotated[bool, Field(description="No mail to the client is known to be refused.")]


class CallOffPreview(Asked):
    timezone: str
    appointments: list[TouchedAppointment]
    refunds: list[Amount]
    waitlist_offers: Annotated[int, Field(description="Times kept for people of the waitlist, taken back at once.")]


class CalledOffHead(Asked):
    id: str
    confirmed_by: str
    created_at: w.Instant
    runs_at: Annotated[w.Instant, Field(description="Until then it can be undone, and nobody is told.")]
    phase: Annotated[str, one_of(Phase)]
    total: int
    waiting: int


class CalledOffPart(TypedDict):
    appointment_id: str
    client_id: str
    starts_at: w.Instant
    planned: _Fate
    state: Annotated[str, one_of(PartState)]
    became: _Fate | None
    moved_to: w.Instant | None
    refund: Amount | None
    reason: str | None


class CalledOff(CalledOffHead):
    timezone: str
    reason: str
    words: str | None
    counts: dict[str, int]
    items: list[CalledOffPart]


CALLED_OFF_SIDE = {
    f"GET {_PATH}": Told(gives=listed(CalledOffHead)),
    f"GET {_PATH}/preview": Told(gives=CallOffPreview),
    f"POST {_PATH}": Told(
        takes=CallOff,
        gives=CalledOff,
        refuses=(Conflict,),
        example={"first_day": "2026-12-01", "instead": "move", "within_days": 14, "reason": "ill"},
    ),
    f"GET {_PATH}/{{called_off_id}}": Told(gives=CalledOff, refuses=(NotFound,)),
    f"POST {_PATH}/{{called_off_id}}/undo": Told(gives=CalledOff, refuses=(Conflict, NotFound)),
    f"POST {_PATH}/{{called_off_id}}/stop": Told(gives=CalledOff, refuses=(Conflict, NotFound)),
}
