"""What clients keep up to date themselves: their contact data."""

from __future__ import annotations

from fastapi import APIRouter, Request

from commands.contact import ContactSheet, change_contact, look_at_contact
from db.tenancy import client_by_id
from domain.stages import Actor
from portal.shapes import Json
from web.bodies import json_object
from web.identity import ChosenClient
from web.transactions import TheOffice, Transaction

profile_router = APIRouter(prefix="/portal", tags=["client portal"])


@profile_router.get("/profile", summary="The client's contact data, and which of it can be changed here")
async def read_profile(session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    return _shape(await look_at_contact(session, office, client, Actor.CLIENT))


@profile_router.put("/profile", summary="Change contact data; what isn't named stays")
async def write_profile(request: Request, session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    body = await json_object(request)
    locked = await client_by_id(session, client.id, for_update=True)
    await change_contact(session, office, locked, body, actor=Actor.CLIENT)
    return _shape(await look_at_contact(session, office, locked, Actor.CLIENT))


def _shape(sheet: ContactSheet) -> Json:
    return {
        "fields": [
            {"key": one.key, "type": str(one.type), "label": one.label, "required": one.required}
            | ({"options": list(one.options)} if one.options else {})
            for one in sheet.form.fields
        ],
        "values": {one.key: sheet.values.get(one.key) for one in sheet.form.fields},
    }
