"""Ways in and out: invitations, signing in and out, passwords."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accepting import InvitationView, accept_invitation, ask_again, invited_by, look_at_invitation
from commands.accounts import (
    SessionKind,
    begin_session,
    look_at_reset,
    request_password_reset,
    reset_password,
    sign_in,
    sign_out,
)
from commands.office import Office
from commands.rate_limits import (
    LINKS_PER_ADDRESS,
    RESETS_PER_NAME,
    WRONG_TOKENS_PER_ADDRESS,
    count_failures,
    count_request,
)
from commands.two_factor import complete_sign_in
from db.portal_accounts import clients_of
from db.tenancy import practice_of
from domain.errors import (
    InvitationExpired,
    InvitationRevoked,
    InvitationUsed,
    RateLimited,
    Unauthorized,
    ValidationFailed,
)
from portal.devices import device_of
from portal.errors import refusal_page
from portal.forms import Form, PublicForm
from portal.pages.frames import go
from portal.paths import local_path
from portal.rendering import errors_by_field, render
from web.identity import clear_session_cookie, session_token, set_session_cookie
from web.problems import status_of
from web.transactions import RemoteAddress, TheOffice, Transaction

accounts_router = APIRouter(tags=["pages: accounts"])

Next = Annotated[str | None, Query(max_length=500)]
_LONGEST_TOKEN = 200
# Who can have forgotten a password: not somebody who is half-way signed in.
Side = Literal["client", "staff"]
_SIDES = {SessionKind.CLIENT: "/portal", SessionKind.STAFF: "/console"}


@accounts_router.get("/invitations/{token}", summary="The page behind an invitation")
async def invitation(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    try:
        async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
            view = await look_at_invitation(session, office, token[:_LONGEST_TOKEN])
    except (InvitationUsed, InvitationExpired) as refusal:
        return await _no_more(request, session, office, refusal, token[:_LONGEST_TOKEN])
    return await _invitation_page(request, session, view)


@accounts_router.post("/invitations/{token}", summary="Open the account")
async def accept(
    request: Request,
    token: str,
    session: Transaction,
    office: TheOffice,
    address: RemoteAddress,
    form: PublicForm,
) -> Response:
    token = token[:_LONGEST_TOKEN]
    try:
        async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address), session.begin_nested():
            client = await accept_invitation(session, office, token, form.first("password"))
    except (InvitationUsed, InvitationExpired) as refusal:
        return await _no_more(request, session, office, refusal, token[:_LONGEST_TOKEN])
    except (ValidationFailed, RateLimited) as refusal:
        view = await look_at_invitation(session, office, token)
        return await _invitation_page(request, session, view, refusal)
    assert client.account_id is not None
    several = len(await clients_of(session, client.account_id)) > 1
    answer = go("/portal", "added", client=client.id) if several else go("/portal", "welcome")
    signed_in = await begin_session(session, SessionKind.CLIENT, client.account_id, device=device_of(request))
    set_session_cookie(answer, office, signed_in)
    return answer


@accounts_router.post("/invitations/{token}/again", summary="Send me a new link; the answer is always the same")
async def ask_for_a_new_link(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress, form: PublicForm
) -> Response:
    await count_request(office.database, (LINKS_PER_ADDRESS, address))
    await ask_again(session, office, token[:_LONGEST_TOKEN])
    return go("/portal/sign-in", "asked-again")


async def _invitation_page(
    request: Request,
    session: AsyncSession,
    view: InvitationView,
    refusal: ValidationFailed | RateLimited | None = None,
) -> Response:
    page = render(
        request,
        "public/invitation.html",
        status=status_of(refusal) if refusal else 200,
        view=view,
        practice=await practice_of(session, view.client.practice_id),
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if isinstance(refusal, RateLimited) else None,
    )
    if isinstance(refusal, RateLimited):
        page.headers["Retry-After"] = str(refusal.data["retry_after_seconds"])
    return page


async def _no_more(
    request: Request, session: AsyncSession, office: Office, refusal: InvitationUsed | InvitationExpired, token: str
) -> Response:
    if isinstance(refusal, InvitationUsed):
        return refusal_page(request, 410, refusal.title, refusal.detail, way_on="/portal/sign-in")
    if isinstance(refusal, InvitationRevoked):
        practice = await invited_by(session, office, token)
        return render(request, "public/invitation_revoked.html", status=410, practice=practice)
    return render(request, "public/invitation_expired.html", status=410, token=token)


@accounts_router.get("/portal/sign-in", summary="Clients sign in")
async def client_sign_in_page(request: Request, next: Next = None) -> Response:
    return _sign_in_page(request, SessionKind.CLIENT, next)


@accounts_router.get("/console/sign-in", summary="Staff sign in")
async def staff_sign_in_page(request: Request, next: Next = None) -> Response:
    return _sign_in_page(request, SessionKind.STAFF, next)


@accounts_router.post("/portal/sign-in", summary="Sign in as a client")
async def client_sign_in(request: Request, office: TheOffice, address: RemoteAddress, form: PublicForm) -> Response:
    return await _sign_in(request, office, SessionKind.CLIENT, address, form)


@accounts_router.post("/console/sign-in", summary="Sign in as staff")
async def staff_sign_in(request: Request, office: TheOffice, address: RemoteAddress, form: PublicForm) -> Response:
    return await _sign_in(request, office, SessionKind.STAFF, address, form)


async def _sign_in(request: Request, office: Office, kind: SessionKind, address: str, form: Form) -> Response:
    email = form.text("email")[:320]
    password = form.first("password")[:10_000]
    try:
        signed_in = await sign_in(office, kind, email, password, remote_address=address, device=device_of(request))
    except Unauthorized as refusal:
        return _sign_in_page(request, kind, form.first("next"), email=email, refusal=refusal.detail, status=422)
    except RateLimited as refusal:
        page = _sign_in_page(request, kind, form.first("next"), email=email, refusal=refusal.detail, status=429)
        page.headers["Retry-After"] = str(refusal.data["retry_after_seconds"])
        return page
    way_on = local_path(form.first("next"), _SIDES[kind])
    if signed_in.kind is SessionKind.STAFF_CODE:
        answer: Response = go("/console/sign-in/code", next=way_on)
    else:
        answer = RedirectResponse(way_on, 303)
    set_session_cookie(answer, office, signed_in)
    return answer


@accounts_router.get("/console/sign-in/code", summary="The second step of signing in")
async def code_page(request: Request, next: Next = None) -> Response:
    return _code_page(request, next)


@accounts_router.post("/console/sign-in/code", summary="Sign in with the code of the app, or a recovery code")
async def give_code(request: Request, office: TheOffice, address: RemoteAddress, form: PublicForm) -> Response:
    half = session_token(request, office, SessionKind.STAFF_CODE)
    way_on = local_path(form.first("next"), "/console")
    try:
        signed_in = await complete_sign_in(
            office, half, form.text("code")[:50], remote_address=address, device=device_of(request)
        )
    except Unauthorized:
        return go("/console/sign-in", "too-late", next=way_on)
    except ValidationFailed as refusal:
        return _code_page(request, way_on, error=refusal.errors[0].message, status=422)
    except RateLimited as refusal:
        page = _code_page(request, way_on, error=refusal.detail, status=429)
        page.headers["Retry-After"] = str(refusal.data["retry_after_seconds"])
        return page
    answer = RedirectResponse(way_on, 303)
    set_session_cookie(answer, office, signed_in)
    clear_session_cookie(answer, office, SessionKind.STAFF_CODE)
    return answer


def _code_page(request: Request, way_on: str | None, *, error: str = "", status: int = 200) -> Response:
    way_on = local_path(way_on, "/console")
    return render(request, "public/sign_in_code.html", status=status, way_on=way_on, error=error)


def _sign_in_page(
    request: Request,
    kind: SessionKind,
    way_on: str | None,
    *,
    email: str = "",
    refusal: str | None = None,
    status: int = 200,
) -> Response:
    side = _SIDES[kind]
    way_on = local_path(way_on, side)
    return render(
        request,
        "public/sign_in.html",
        status=status,
        kind=str(kind),
        side=side,
        email=email,
        refusal=refusal,
        way_on=way_on,
        asked_back=way_on != side and refusal is None,
    )


@accounts_router.post("/portal/sign-out", summary="Sign out as a client")
async def client_sign_out(request: Request, session: Transaction, office: TheOffice, form: PublicForm) -> Response:
    return await _sign_out(request, session, office, SessionKind.CLIENT)


@accounts_router.post("/console/sign-out", summary="Sign out as staff")
async def staff_sign_out(request: Request, session: Transaction, office: TheOffice, form: PublicForm) -> Response:
    return await _sign_out(request, session, office, SessionKind.STAFF)


async def _sign_out(request: Request, session: AsyncSession, office: Office, kind: SessionKind) -> Response:
    await sign_out(session, session_token(request, office, kind))
    answer = go(f"{_SIDES[kind]}/sign-in", "signed-out")
    clear_session_cookie(answer, office, kind)
    return answer


@accounts_router.get("/password", summary="Ask for a new password")
async def ask_password_page(request: Request, kind: Side = "client", sent: bool = False) -> Response:
    return render(request, "public/password_ask.html", kind=kind, sent=sent, side=_SIDES[SessionKind(kind)])


@accounts_router.post("/password", summary="Mail a link for a new password; the answer is always the same")
async def ask_password(request: Request, session: Transaction, office: TheOffice, form: PublicForm) -> Response:
    kind = SessionKind.STAFF if form.first("kind") == SessionKind.STAFF else SessionKind.CLIENT
    email = form.text("email")[:320]
    if "@" not in email:
        errors = {"email": "Please enter your email address."}
        context = {"kind": str(kind), "sent": False, "side": _SIDES[kind]}
        return render(request, "public/password_ask.html", status=422, errors=errors, **context)
    await count_request(office.database, (RESETS_PER_NAME, f"{kind}:{email}"))
    await request_password_reset(session, office, kind, email)
    return go("/password", kind=str(kind), sent="true")


@accounts_router.get("/password/{token}", summary="Choose a new password")
async def password_page(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    try:
        async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
            await look_at_reset(session, office, token[:_LONGEST_TOKEN])
    except (InvitationUsed, InvitationExpired) as refusal:
        return _ask_again(request, refusal)
    return render(request, "public/password_choose.html")


@accounts_router.post("/password/{token}", summary="Set the new password")
async def choose_password(
    request: Request,
    token: str,
    session: Transaction,
    office: TheOffice,
    address: RemoteAddress,
    form: PublicForm,
) -> Response:
    try:
        async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address), session.begin_nested():
            kind = await reset_password(session, office, token[:_LONGEST_TOKEN], form.first("password"))
    except (InvitationUsed, InvitationExpired) as refusal:
        return _ask_again(request, refusal)
    except ValidationFailed as refusal:
        return render(request, "public/password_choose.html", status=422, errors=errors_by_field(refusal.errors))
    return go(f"{_SIDES[kind]}/sign-in", "password")


def _ask_again(request: Request, refusal: InvitationUsed | InvitationExpired) -> Response:
    title = "This link has been used" if isinstance(refusal, InvitationUsed) else "This link has expired"
    return refusal_page(request, 410, title, refusal.detail, way_on="/password")
