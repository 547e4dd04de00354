"""A client's account: the address they sign in with, their password, and where they are signed in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.account_security import change_password, end_session, session_name
from commands.accounts import SessionKind, sessions_of, token_hash
from commands.email_change import ask_for_change, change_under_way, take_back
from commands.office import Office
from commands.two_factor import end_sessions
from db.models import PortalAccount
from domain.errors import DomainError, RateLimited, ValidationFailed
from portal.forms import ClientForm
from portal.pages.frames import ClientFrame, TheClientFrame
from portal.rendering import errors_by_field
from web.identity import session_token
from web.problems import status_of
from web.transactions import TheOffice, Transaction

client_account_router = APIRouter(prefix="/portal/profile", tags=["pages: client portal"])


async def account_context(session: AsyncSession, office: Office, frame: ClientFrame) -> dict[str, Any]:
    """What the profile shows of the account."""
    account = await account_of(session, frame)
    return {
        "account": account,
        "asked": await change_under_way(session, office, account.id),
        "sessions": [
            (session_name(one), one, one.token_hash == _this_one(frame.request, office))
            for one in await sessions_of(session, SessionKind.CLIENT, account.id)
        ],
    }


async def account_of(session: AsyncSession, frame: ClientFrame) -> PortalAccount:
    assert frame.client.account_id is not None
    return await session.get_one(PortalAccount, frame.client.account_id)


@client_account_router.get("/email", summary="Another address for signing in")
async def email_page(session: Transaction, frame: TheClientFrame) -> Response:
    return await _email_page(session, frame)


@client_account_router.post("/email", summary="Ask for another address; nothing changes before it is confirmed")
async def ask_for_address(session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame) -> Response:
    account = await account_of(session, frame)
    email = form.text("email")[:320]
    try:
        async with session.begin_nested():
            await ask_for_change(session, office, account.id, email, form.first("current")[:10_000])
    except (ValidationFailed, RateLimited) as refusal:
        return await _email_page(session, frame, typed=email, refusal=refusal)
    return frame.go("/portal/profile", "email-asked")


@client_account_router.post("/email/take-back", summary="Stay with the present address")
async def keep_address(session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame) -> Response:
    await take_back(session, office, (await account_of(session, frame)).id)
    return frame.go("/portal/profile", "email-kept")


@client_account_router.get("/password", summary="Another password")
async def password_page(frame: TheClientFrame) -> Response:
    return _password_page(frame)


@client_account_router.post("/password", summary="Set another password; everybody else is signed out")
async def write_password(
    request: Request, session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame
) -> Response:
    account = await account_of(session, frame)
    current, new = form.first("current")[:10_000], form.first("password")
    token = session_token(request, office, SessionKind.CLIENT)
    try:
        async with session.begin_nested():
            await change_password(session, office, account.id, current=current, new=new, token=token)
    except (ValidationFailed, RateLimited) as refusal:
        return _password_page(frame, refusal)
    return frame.go("/portal/profile", "password-changed")


@client_account_router.post("/sign-out-one", summary="End one of the sessions")
async def sign_one_out(session: Transaction, form: ClientForm, frame: TheClientFrame) -> Response:
    account = await account_of(session, frame)
    await end_session(session, SessionKind.CLIENT, account.id, form.first("session"))
    return frame.go("/portal/profile", "signed-out-one")


@client_account_router.post("/sign-out-everywhere", summary="End all sessions but this one")
async def sign_others_out(
    request: Request, session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame
) -> Response:
    account = await account_of(session, frame)
    await end_sessions(session, SessionKind.CLIENT, account.id, but=_this_one(request, office))
    return frame.go("/portal/profile", "signed-out-elsewhere")


async def _email_page(
    session: AsyncSession, frame: ClientFrame, *, typed: str = "", refusal: DomainError | None = None
) -> Response:
    account = await account_of(session, frame)
    # Whoever has another address by the practice's word keeps it.
    followers = [one.first_name for one in frame.clients if one.email == account.email]
    return _page(frame, "portal/email.html", refusal, account=account, typed=typed, followers=followers)


def _password_page(frame: ClientFrame, refusal: DomainError | None = None) -> Response:
    return _page(frame, "portal/password.html", refusal)


def _page(frame: ClientFrame, template: str, refusal: DomainError | None, **context: Any) -> Response:
    wrong = refusal.errors if isinstance(refusal, ValidationFailed) else ()
    page = frame.render(
        template,
        status=status_of(refusal) if refusal else 200,
        errors=errors_by_field(wrong),
        refusal=refusal.detail if refusal is not None and not wrong else None,
        **context,
    )
    if isinstance(refusal, RateLimited):
        page.headers["Retry-After"] = str(refusal.data["retry_after_seconds"])
    return page


def _this_one(request: Request, office: Office) -> str:
    return token_hash(session_token(request, office, SessionKind.CLIENT) or "")
