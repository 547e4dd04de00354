"""A staff member's own account: two-factor sign-in, recovery codes, where they are signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accounts import SessionKind, sessions_of, token_hash
from commands.audit import note
from commands.office import Office
from commands.rate_limits import CODES_PER_MEMBER, check_limit, count_request
from commands.staff import member_of
from commands.two_factor import (
    begin_enrolment,
    codes_left,
    confirm_enrolment,
    end_sessions,
    matches,
    new_recovery_codes,
    turn_off,
)
from db.models import StaffMember
from domain.audit import AuditKind
from domain.errors import DomainError, RateLimited, ValidationFailed
from portal.forms import StaffForm
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import timezone_of_practice
from web.identity import SignedInStaff, session_token
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_account_router = APIRouter(prefix="/console/account", tags=["pages: console"])


async def own_row(session: Transaction, staff: SignedInStaff) -> StaffMember:
    return await member_of(session, staff.practice_id, staff.id or "")


OwnRow = Annotated[StaffMember, Depends(own_row)]


@console_account_router.get("", summary="Your own sign-in")
async def account_page(
    request: Request, session: Transaction, office: TheOffice, frame: TheStaffFrame, member: OwnRow
) -> Response:
    return await _page(request, session, office, frame, member)


@console_account_router.get("/two-factor", summary="Turn on two-factor sign-in")
async def two_factor_page(session: Transaction, office: TheOffice, frame: TheStaffFrame, member: OwnRow) -> Response:
    if member.totp_since is not None:
        return go("/console/account")
    return await _enrolment(session, office, frame, member)


@console_account_router.post("/two-factor", summary="Prove that the app works, and turn it on")
async def turn_on(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, member: OwnRow
) -> Response:
    try:
        codes = await confirm_enrolment(session, office, member, form.text("code"))
    except ValidationFailed as refusal:
        return await _enrolment(session, office, frame, member, refusal)
    except DomainError:
        return go("/console/account")
    await note(session, office, frame.staff.who, AuditKind.TWO_FACTOR_ON, member.id)
    return frame.render("console/recovery_codes.html", codes=codes)


@console_account_router.post("/two-factor/off", summary="Turn off two-factor sign-in")
async def turn_it_off(
    request: Request, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, member: OwnRow
) -> Response:
    try:
        await _prove(session, office, frame, member, form.text("code"))
    except DomainError as refusal:
        return await _page(request, session, office, frame, member, refusal, "off")
    await turn_off(session, member)
    await note(session, office, frame.staff.who, AuditKind.TWO_FACTOR_OFF, member.id)
    return go("/console/account", "two-factor-off")


@console_account_router.post("/recovery-codes", summary="New recovery codes in place of the old ones")
async def renew_codes(
    request: Request, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, member: OwnRow
) -> Response:
    try:
        await _prove(session, office, frame, member, form.text("code"))
    except DomainError as refusal:
        return await _page(request, session, office, frame, member, refusal, "codes")
    return frame.render("console/recovery_codes.html", codes=await new_recovery_codes(session, member))


@console_account_router.post("/sign-out-everywhere", summary="End all your other sessions")
async def sign_out_elsewhere(
    request: Request, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, member: OwnRow
) -> Response:
    await end_sessions(session, SessionKind.STAFF, member.id, but=_this_one(request, office))
    await note(session, office, frame.staff.who, AuditKind.SIGNED_OUT_EVERYWHERE, member.id)
    return go("/console/account", "signed-out-elsewhere")


async def _prove(session: AsyncSession, office: Office, frame: StaffFrame, member: StaffMember, code: str) -> None:
    """A code of the app, or a recovery code. Raises ValidationFailed, RateLimited."""
    await check_limit(office.database, CODES_PER_MEMBER, member.id)
    if not await matches(session, office, member, code, frame.staff.address):
        await count_request(office.database, (CODES_PER_MEMBER, member.id))
        raise ValidationFailed.of("code", "This code isn't right, or has been used. Please wait for the next one.")


async def _enrolment(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    member: StaffMember,
    refusal: ValidationFailed | None = None,
) -> Response:
    secret = await begin_enrolment(session, office, member)
    return frame.render(
        "console/two_factor.html",
        status=422 if refusal else 200,
        secret=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        picture=office.second_factor.picture(secret, member.email, frame.practice.name),
        required=frame.practice.two_factor_required,
        error=refusal.errors[0].message if refusal else "",
    )


async def _page(
    request: Request,
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    member: StaffMember,
    refusal: DomainError | None = None,
    place: str = "",
) -> Response:
    message = refusal.errors[0].message if isinstance(refusal, ValidationFailed) else refusal and refusal.detail
    page = frame.render(
        "console/account.html",
        status=status_of(refusal) if refusal else 200,
        member=member,
        codes_left=await codes_left(session, member),
        sessions=await sessions_of(session, SessionKind.STAFF, member.id),
        this_one=_this_one(request, office),
        timezone=await timezone_of_practice(session, frame.staff.reach),
        problem={place: message or ""},
    )
    if isinstance(refusal, RateLimited):
        page.headers["Retry-After"] = str(refusal.data["retry_after_seconds"])
    return page


def _this_one(request: Request, office: Office) -> str:
    return token_hash(session_token(request, office, SessionKind.STAFF) or "")
