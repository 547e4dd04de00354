"""The page behind *I'll be there* in a reminder: looking changes nothing, the button does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from commands.attending import confirm_attendance, look_at_attendance
from commands.rate_limits import WRONG_TOKENS_PER_ADDRESS, count_failures
from portal.rendering import render
from web.transactions import RemoteAddress, TheOffice, Transaction

attending_router = APIRouter(prefix="/attend/{token}", tags=["pages: public"])
_LONGEST_TOKEN = 300


@attending_router.get("", summary="Before confirming that the client comes")
async def before_confirming(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
        found = await look_at_attendance(session, office, token[:_LONGEST_TOKEN])
    return render(request, "public/attend.html", practice=found.practice, found=found, token=token, just_now=False)


@attending_router.post("", summary="Confirm that the client comes")
async def confirm(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    """The link itself is the right to do so, so where the request comes from isn't asked."""
    async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
        found = await confirm_attendance(session, office, token[:_LONGEST_TOKEN])
    return render(request, "public/attend.html", practice=found.practice, found=found, token=token, just_now=True)
