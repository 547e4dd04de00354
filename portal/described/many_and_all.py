"""Shapes of what is done for many clients, of all that is held about one, and of the practice's subscription."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from domain.batches import FOR_CLIENTS, BatchAction, LeftOut, Outcome
from domain.client_list import RowState
from domain.erasing import Obstacle
from domain.errors import Conflict, NotFound, ProviderLeft, SubscriptionInactive
from domain.subscriptions import Ending
from portal.described import words as w
from portal.described.requests import ListedClient
from portal.described.words import one_of
from web.described import File, Told, listed

_Action = Annotated[str, one_of(BatchAction)]
_Why = Annotated[str, one_of(LeftOut)]
_Counts = dict[str, int]


class ForMany(TypedDict):
    __pydantic_config__ = w.CLOSED  # type: ignore[misc]

    action: Annotated[str, one_of(FOR_CLIENTS)]
    client_ids: Annotated[list[str], Field(description="Up to 1,000.")]


class NewClients(TypedDict):
    __pydantic_config__ = w.CLOSED  # type: ignore[misc]

    provider: NotRequired[Annotated[str | None, Field(description="Needed where the practice has several.")]]
    clients: Annotated[list[ListedClient], Field(description="Up to 200; rows are counted from 1.")]


class InviteList(NewClients):
    anyway: NotRequired[
        Annotated[list[int], Field(description="Rows that are `known` and somebody else all the same.")]
    ]


class WrongField(TypedDict):
    field: str
    message: str


class ListedRow(TypedDict):
    row: int
    state: Annotated[str, one_of(RowState)]
    errors: list[WrongField]
    same_as_row: int | None
    known: Annotated[list[str], Field(description="Clients who seem to be this one, by their ids.")]
    shares_address_with: list[str]


class ListedRows(TypedDict):
    rows: list[ListedRow]


class LeftOutClient(TypedDict):
    client_id: str
    reason: _Why


class BatchPreview(TypedDict):
    action: _Action
    included: list[str]
    left_out: list[LeftOutClient]


class BatchHead(TypedDict):
    id: str
    action: _Action
    confirmed_by: str
    created_at: w.Instant
    total: int


class BatchPart(TypedDict):
    client_id: str
    outcome: Annotated[str, one_of(Outcome)]
    reason: _Why | None


class Batch(BatchHead):
    settled: bool
    counts: _Counts
    items: list[BatchPart]


class ErasureObstacle(TypedDict):
    rule: Annotated[str, one_of(Obstacle)]
    appointment_id: str | None


class Erased(TypedDict):
    client_id: str
    erased_at: w.Instant
    finished: bool


class ErasurePreview(TypedDict):
    client_id: str
    erased_at: None
    allowed: bool
    obstacles: list[ErasureObstacle]
    same_person: list[str]
    removed: _Counts
    stripped: _Counts
    kept: _Counts


class Erase(TypedDict):
    __pydantic_config__ = w.CLOSED  # type: ignore[misc]

    confirm: Annotated[str, Field(description="The client's first and last name.")]


class Subscription(TypedDict):
    status: w.SubscriptionWord
    open: bool
    since: w.Instant | None
    renews: bool | None
    period_end: w.Instant | None
    ending: Annotated[str, one_of(Ending)] | None
    ends_at: w.Instant | None


_CLIENT = "/api/v1/clients/{client_id}"

MANY_AND_ALL = {
    "GET /api/v1/client-batches": Told(gives=listed(BatchHead)),
    "POST /api/v1/client-batches/preview": Told(takes=ForMany, gives=BatchPreview, refuses=(NotFound,)),
    "POST /api/v1/client-batches": Told(takes=ForMany, gives=Batch, refuses=(NotFound, Conflict)),
    "POST /api/v1/client-batches/invite/preview": Told(takes=NewClients, gives=ListedRows),
    "POST /api/v1/client-batches/invite": Told(
        takes=InviteList, gives=Batch, refuses=(ProviderLeft, SubscriptionInactive, Conflict)
    ),
    "GET /api/v1/client-batches/{batch_id}": Told(gives=Batch),
    f"GET {_CLIENT}/export": Told(gives=File("application/zip")),
    f"GET {_CLIENT}/erasure": Told(gives=ErasurePreview | Erased),
    f"POST {_CLIENT}/erase": Told(takes=Erase, gives=Erased, refuses=(Conflict,)),
    "GET /api/v1/subscription": Told(gives=Subscription),
}
