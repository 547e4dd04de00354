"""A client's way in: accepting the invitation, signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from commands.accepting import accept_invitation
from commands.accounts import SessionKind, begin_session, clients_of, sign_in, sign_out
from commands.rate_limits import WRONG_TOKENS_PER_ADDRESS, count_failures
from web.bodies import json_object
from web.fields import only, text
from web.identity import clear_session_cookie, refuse_foreign_origin, session_token, set_session_cookie
from web.transactions import RemoteAddress, TheOffice, Transaction

sessions_router = APIRouter(tags=["client portal"])


def _password(body: dict[str, object]) -> str:
    """As it was typed: blanks belong to it."""
    text(body, "password", 10_000)
    return str(body["password"])


@sessions_router.post("/invitations/{token}/accept", summary="Open the account behind an invitation")
async def accept(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    refuse_foreign_origin(request)
    body = await json_object(request)
    only(body, ("password",))
    async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
        account = await accept_invitation(session, office, token[:200], _password(body))
    signed_in = await begin_session(session, SessionKind.CLIENT, account.id)
    answer = JSONResponse({"clients": [{"id": client.id} for client in await clients_of(session, account.id)]})
    set_session_cookie(answer, office, signed_in)
    return answer


@sessions_router.post("/portal/session", summary="Sign in")
async def begin(request: Request, session: Transaction, office: TheOffice, address: RemoteAddress) -> Response:
    refuse_foreign_origin(request)
    body = await json_object(request)
    only(body, ("email", "password"))
    signed_in = await sign_in(office, SessionKind.CLIENT, text(body, "email"), _password(body), remote_address=address)
    answer = JSONResponse(
        {"clients": [{"id": client.id} for client in await clients_of(session, signed_in.subject_id)]}
    )
    set_session_cookie(answer, office, signed_in)
    return answer


@sessions_router.delete("/portal/session", status_code=204, summary="Sign out")
async def end(request: Request, session: Transaction, office: TheOffice) -> Response:
    refuse_foreign_origin(request)
    await sign_out(session, session_token(request, office, SessionKind.CLIENT))
    answer = Response(status_code=204)
    clear_session_cookie(answer, office, SessionKind.CLIENT)
    return answer
