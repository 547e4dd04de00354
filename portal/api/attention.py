"""Steps that wait for a person: the list, and the three answers."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from temporalio.client import Client as Engine

from commands.attention import open_items, resolve
from db.tenancy import client_of_practice
from domain.states import AttentionAction
from portal.shapes import Json, attention_shape, instant, listed
from web.bodies import parse_object, raw_body
from web.fields import flag, only, opaque_id, optional_text, text
from web.identity import ApiPractice
from web.transactions import TheOffice, TheRelay, Transaction

attention_router = APIRouter(tags=["attention"])


def engine_of(request: Request) -> Engine:
    return cast(Engine, request.app.state.engine)


TheEngine = Annotated[Engine, Depends(engine_of)]


@attention_router.get("/attention", summary="What waits for a person, the oldest first")
async def list_attention(session: Transaction, staff: ApiPractice) -> Json:
    items = await open_items(session, staff.reach)
    return listed(
        [
            {
                **attention_shape(item),
                "client_id": item.client_id,
                "workflow_id": item.workflow_id,
                "raised_at": instant(item.raised_at),
            }
            for item in items
        ]
    )


async def _optional_body(request: Request) -> dict[str, object]:
    raw = await raw_body(request)
    return parse_object(raw) if raw.strip() else {}


async def reached_client(client_id: str, office: TheOffice, staff: ApiPractice) -> str:
    """In a transaction of its own: none is held while the journey is asked. Raises NotFound."""
    async with office.database.transaction() as session:
        return (await client_of_practice(session, staff.reach, opaque_id(client_id))).id


class _Answering:
    """What the three answers share."""

    def __init__(
        self,
        office: TheOffice,
        relay: TheRelay,
        engine: TheEngine,
        staff: ApiPractice,
        client_id: Annotated[str, Depends(reached_client)],
    ) -> None:
        self._office = office
        self._relay = relay
        self._engine = engine
        self._staff = staff
        self._client_id = client_id

    async def answer(
        self, action: AttentionAction, body: dict[str, object], email: str | None = None, *, invite: bool = False
    ) -> Json:
        subjects = await resolve(
            self._office,
            self._engine,
            self._staff.reach,
            self._client_id,
            action,
            who=self._staff.who,
            item_id=optional_text(body, "id"),
            email=email,
            invite=invite,
        )
        self._relay.nudge(subjects)
        return {"client_id": self._client_id, "resolution": str(action)}


Answering = Annotated[_Answering, Depends()]


@attention_router.post("/clients/{client_id}/correct-email", summary="Correct the address, and try again what waits")
async def correct_email(request: Request, answering: Answering) -> Json:
    """At any time. An invitation's link that went to the wrong address stops working; `send_invitation` sends a new one
    to the right one (409 where the account is open)."""
    body = await _optional_body(request)
    only(body, ("email", "id", "send_invitation"))
    invite = flag(body, "send_invitation")
    return await answering.answer(AttentionAction.CORRECT_EMAIL, body, text(body, "email"), invite=invite)


@attention_router.post("/clients/{client_id}/retry", summary="Try the stuck step again")
async def retry(request: Request, answering: Answering) -> Json:
    body = await _optional_body(request)
    only(body, ("id",))
    return await answering.answer(AttentionAction.RETRY, body)


@attention_router.post("/clients/{client_id}/skip", summary="Go on without the stuck step")
async def skip(request: Request, answering: Answering) -> Json:
    body = await _optional_body(request)
    only(body, ("id",))
    return await answering.answer(AttentionAction.SKIP, body)
