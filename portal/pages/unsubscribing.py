"""The page behind the link at the foot of greetings and reminders: looking changes nothing, the button does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from commands.declining import MailChoice, decline_mails, look_at_choice, want_mails_again
from commands.rate_limits import WRONG_TOKENS_PER_ADDRESS, count_failures
from portal.rendering import render
from web.transactions import RemoteAddress, TheOffice, Transaction

unsubscribing_router = APIRouter(prefix="/unsubscribe/{token}", tags=["pages: public"])
_LONGEST_TOKEN = 300


async def _choice(token: str, session: Transaction, office: TheOffice, address: RemoteAddress) -> MailChoice:
    async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
        return await look_at_choice(session, office, token[:_LONGEST_TOKEN])


def _page(request: Request, token: str, choice: MailChoice, *, declined: bool, just_now: bool = False) -> Response:
    return render(
        request,
        "public/unsubscribe.html",
        practice=choice.practice,
        token=token,
        declined=declined,
        just_now=just_now,
    )


@unsubscribing_router.get("", summary="Before unsubscribing from greetings and reminders")
async def before_unsubscribing(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    choice = await _choice(token, session, office, address)
    return _page(request, token, choice, declined=choice.declined)


@unsubscribing_router.post("", summary="Unsubscribe from greetings and reminders")
async def unsubscribe(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    """Also the one click of a mail program (RFC 8058): from anywhere, without cookies, never answered by a redirect.

    The link itself is the right to do so, so where the request comes from isn't asked.
    """
    choice = await _choice(token, session, office, address)
    await decline_mails(session, office, choice)
    return _page(request, token, choice, declined=True, just_now=True)


@unsubscribing_router.post("/undo", summary="Get greetings and reminders again")
async def subscribe_again(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    choice = await _choice(token, session, office, address)
    await want_mails_again(session, office, choice.practice.id, choice.recipient_hash)
    return _page(request, token, choice, declined=False, just_now=True)
