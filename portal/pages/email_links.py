"""Behind the links of a change of address: the new one confirms it, the old one stops it. A look changes nothing."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from commands.email_change import confirm_change, look_at_change, stop_change
from commands.rate_limits import WRONG_TOKENS_PER_ADDRESS, count_failures
from domain.errors import Conflict, InvitationExpired, InvitationUsed
from portal.errors import refusal_page
from portal.forms import PublicForm
from portal.rendering import render
from web.transactions import RemoteAddress, TheOffice, Transaction

email_links_router = APIRouter(prefix="/email", tags=["pages: accounts"])

_LONGEST_TOKEN = 200


@email_links_router.get("/confirm/{token}", summary="The page behind the link to a new address")
async def confirm_page(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    try:
        async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
            change = await look_at_change(session, office, token[:_LONGEST_TOKEN])
    except (InvitationUsed, InvitationExpired) as refusal:
        return _over(request, refusal)
    return render(request, "public/email_confirm.html", email=change.email)


@email_links_router.post("/confirm/{token}", summary="Confirm the new address")
async def confirm(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress, form: PublicForm
) -> Response:
    try:
        async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
            change = await confirm_change(session, office, token[:_LONGEST_TOKEN])
    except (InvitationUsed, InvitationExpired) as refusal:
        return _over(request, refusal)
    except Conflict as refusal:
        return refusal_page(request, 409, "This address can't be used", refusal.detail, way_on="/portal/sign-in")
    return render(request, "public/email_confirmed.html", email=change.email)


@email_links_router.get("/stop/{token}", summary="The page behind the link to the old address")
async def stop_page(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    try:
        async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
            await look_at_change(session, office, token[:_LONGEST_TOKEN], stopping=True)
    except (InvitationUsed, InvitationExpired) as refusal:
        return _over(request, refusal)
    return render(request, "public/email_stop.html")


@email_links_router.post("/stop/{token}", summary="Stop the change of address")
async def stop(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress, form: PublicForm
) -> Response:
    try:
        async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
            await stop_change(session, office, token[:_LONGEST_TOKEN])
    except (InvitationUsed, InvitationExpired) as refusal:
        return _over(request, refusal)
    return render(request, "public/email_stopped.html")


def _over(request: Request, refusal: InvitationUsed | InvitationExpired) -> Response:
    title = "This link has been used" if isinstance(refusal, InvitationUsed) else "This link has expired"
    return refusal_page(request, 410, title, refusal.detail, way_on="/portal")
