"""How long a session lasts by itself: asked by open pages, so that nobody is signed out without a warning."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from commands.account_security import seconds_left
from commands.accounts import SessionKind
from commands.office import Office
from web.identity import SignedInClients, SignedInStaff, session_token
from web.transactions import TheOffice

sessions_router = APIRouter(tags=["pages: accounts"], default_response_class=JSONResponse)


@sessions_router.get("/portal/session", summary="How long the client's session lasts; asking is no use of it")
async def client_session(request: Request, office: TheOffice) -> dict[str, Any]:
    return await _left(request, office, SessionKind.CLIENT)


@sessions_router.post("/portal/session", status_code=204, summary="Somebody is still there")
async def client_stays(clients: SignedInClients) -> Response:
    return Response(status_code=204)


@sessions_router.get("/console/session", summary="How long the staff member's session lasts; asking is no use of it")
async def staff_session(request: Request, office: TheOffice) -> dict[str, Any]:
    return await _left(request, office, SessionKind.STAFF)


@sessions_router.post("/console/session", status_code=204, summary="Somebody is still there")
async def staff_stays(staff: SignedInStaff) -> Response:
    return Response(status_code=204)


async def _left(request: Request, office: Office, kind: SessionKind) -> dict[str, Any]:
    """The asker's own: 0 for everybody who isn't signed in."""
    async with office.database.statements() as session:
        return {"seconds_left": await seconds_left(session, kind, session_token(request, office, kind))}
