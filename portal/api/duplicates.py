"""Two clients who look alike: the same person, or two."""

from __future__ import annotations

from fastapi import APIRouter, Request

from commands.duplicates import both_of, look_again, look_at_pair, same_person, two_persons
from domain.errors import ValidationFailed
from portal.api.clients import OwnClient
from portal.shapes import Json, client_shape
from web.bodies import json_object
from web.fields import only, opaque_id, optional_text, text
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

duplicates_router = APIRouter(prefix="/clients/{client_id}", tags=["clients"])


@duplicates_router.post("/same-person", summary="They are the same person: close one of the two")
async def close_duplicate(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, client: OwnClient
) -> Json:
    """`client_id` is the other one. `keep` says whose way goes on; without it, whose has got farther.

    Answers with the one who is kept. Closing one with an appointment ahead is a 409.
    """
    body = await json_object(request)
    only(body, ("client_id", "keep"))
    other, keep = opaque_id(text(body, "client_id")), optional_text(body, "keep")
    one, two = await both_of(session, staff.reach, client.id, other, for_update=True)
    if keep not in (None, one.id, two.id):
        raise ValidationFailed.of("keep", "must name one of the two")
    pair = await look_at_pair(session, office, one, two)
    kept, closed = (pair.kept, pair.closed) if keep in (None, pair.kept.id) else (pair.closed, pair.kept)
    await same_person(session, office, kept, closed, staff.who)
    return await client_shape(session, office, kept)


@duplicates_router.post("/two-persons", summary="They are two persons: remembered, and not asked again")
async def keep_both(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, client: OwnClient
) -> Json:
    """`client_id` is the other one. One that had been closed as a duplicate stands by itself again."""
    body = await json_object(request)
    only(body, ("client_id",))
    other = opaque_id(text(body, "client_id"))
    one, two = await both_of(session, staff.reach, client.id, other, for_update=True)
    await two_persons(session, office, one, two, staff.who)
    return await client_shape(session, office, one)


@duplicates_router.delete("/two-persons/{other_id}", summary="Take back that they are two persons")
async def ask_about_them_again(
    client_id: str, other_id: str, session: Transaction, office: TheOffice, staff: ApiPractice
) -> Json:
    one, two = await both_of(session, staff.reach, opaque_id(client_id), opaque_id(other_id), for_update=True)
    await look_again(session, office, one, two, staff.who)
    return await client_shape(session, office, one)
