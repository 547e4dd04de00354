"""A client's way in: accepting the invitation, signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accepting import accept_invitation
from commands.accounts import SessionKind, begin_session, sign_in, sign_out
from commands.rate_limits import WRONG_TOKENS_PER_ADDRESS, count_failures
from db.portal_accounts import clients_of
from portal.devices import device_of
from web.bodies import json_object
from web.fields import only, secret, text
from web.identity import clear_session_cookie, refuse_foreign_origin, session_token, set_session_cookie
from web.transactions import RemoteAddress, TheOffice, Transaction

sessions_router = APIRouter(tags=["client portal"])


async def _clients(session: AsyncSession, account_id: str) -> dict[str, object]:
    """Everybody behind the account, the longest known first."""
    return {"clients": [{"id": client.id} for client in await clients_of(session, account_id)]}


@sessions_router.post("/invitations/{token}/accept", summary="Open the account behind an invitation")
async def accept(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    """Where the address has an account, `password` is that account's; `client_id` is who was invited."""
    refuse_foreign_origin(request)
    body = await json_object(request)
    only(body, ("password",))
    async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
        client = await accept_invitation(session, office, token[:200], secret(body, "password"))
    assert client.account_id is not None
    signed_in = await begin_session(session, SessionKind.CLIENT, client.account_id, device=device_of(request))
    answer = JSONResponse(await _clients(session, client.account_id) | {"client_id": client.id})
    set_session_cookie(answer, office, signed_in)
    return answer


@sessions_router.post("/portal/session", summary="Sign in")
async def begin(request: Request, session: Transaction, office: TheOffice, address: RemoteAddress) -> Response:
    refuse_foreign_origin(request)
    body = await json_object(request)
    only(body, ("email", "password"))
    email, password, device = text(body, "email"), secret(body, "password"), device_of(request)
    signed_in = await sign_in(office, SessionKind.CLIENT, email, password, remote_address=address, device=device)
    answer = JSONResponse(await _clients(session, signed_in.subject_id))
    set_session_cookie(answer, office, signed_in)
    return answer


@sessions_router.delete("/portal/session", status_code=204, summary="Sign out")
async def end(request: Request, session: Transaction, office: TheOffice) -> Response:
    refuse_foreign_origin(request)
    await sign_out(session, session_token(request, office, SessionKind.CLIENT))
    answer = Response(status_code=204)
    clear_session_cookie(answer, office, SessionKind.CLIENT)
    return answer
