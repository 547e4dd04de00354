"""What clients keep up to date themselves: contact data, the address and password they sign in with, their sessions."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from commands.account_security import change_password, end_session, session_name
from commands.accounts import SessionKind, sessions_of, token_hash
from commands.contact import ContactSheet, change_contact, look_at_contact
from commands.email_change import ask_for_change, change_under_way, take_back
from db.models import PortalAccount
from db.tenancy import client_by_id
from domain.stages import Actor
from portal.shapes import Json, instant, listed
from web.bodies import json_object
from web.fields import only, secret, text
from web.identity import ChosenClient, session_token
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


@profile_router.get("/email-change", summary="The address that signs in, and the one that is asked for")
async def read_email_change(session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    account = await session.get_one(PortalAccount, client.account_id)
    asked = await change_under_way(session, office, account.id)
    return {
        "email": account.email,
        "asked": {"email": asked.change.email, "expires_at": instant(asked.change.expires_at)} if asked else None,
    }


@profile_router.post("/email-change", status_code=202, summary="Ask for another address, with the password")
async def ask_for_address(request: Request, session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    """A link is mailed to it; nothing changes before it is followed. The present address is told, and can stop it."""
    body = await json_object(request)
    only(body, ("email", "current"))
    assert client.account_id is not None
    await ask_for_change(session, office, client.account_id, text(body, "email", 320), secret(body, "current"))
    return await read_email_change(session, office, client)


@profile_router.delete("/email-change", status_code=204, summary="Stay with the present address")
async def keep_address(session: Transaction, office: TheOffice, client: ChosenClient) -> Response:
    assert client.account_id is not None
    await take_back(session, office, client.account_id)
    return Response(status_code=204)


@profile_router.post("/password", status_code=204, summary="Set another password; everybody else is signed out")
async def write_password(request: Request, session: Transaction, office: TheOffice, client: ChosenClient) -> Response:
    body = await json_object(request)
    only(body, ("current", "password"))
    assert client.account_id is not None
    current, new = secret(body, "current"), secret(body, "password")
    token = session_token(request, office, SessionKind.CLIENT)
    await change_password(session, office, client.account_id, current=current, new=new, token=token)
    return Response(status_code=204)


@profile_router.get("/sessions", summary="Where the client is signed in, the last used first")
async def list_sessions(request: Request, session: Transaction, office: TheOffice, client: ChosenClient) -> Json:
    assert client.account_id is not None
    this = token_hash(session_token(request, office, SessionKind.CLIENT) or "")
    return listed(
        [
            {
                "id": session_name(one),
                "device": one.device,
                "created_at": instant(one.created_at),
                "last_used_at": instant(one.last_seen_at),
                "this_one": one.token_hash == this,
            }
            for one in await sessions_of(session, SessionKind.CLIENT, client.account_id)
        ]
    )


@profile_router.delete("/sessions/{session_id}", status_code=204, summary="Sign out one of them")
async def end_one(session_id: str, session: Transaction, client: ChosenClient) -> Response:
    assert client.account_id is not None
    await end_session(session, SessionKind.CLIENT, client.account_id, session_id)
    return Response(status_code=204)


def _shape(sheet: ContactSheet) -> Json:
    return {
        "fields": [
            {"key": one.key, "type": str(one.type), "label": one.label, "required": one.required}
            | ({"options": list(one.options)} if one.options else {})
            for one in sheet.form.fields
        ],
        "values": {one.key: sheet.values.get(one.key) for one in sheet.form.fields},
    }
