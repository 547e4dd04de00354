"""Who works at the practice: invited by mail, given a role, taken in and out; owners only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accounts import SessionKind
from commands.audit import note
from commands.office import Office
from commands.staff import (
    Position,
    change_position,
    deactivate,
    invite_staff,
    invite_staff_again,
    member_of,
    reactivate,
    staff_of,
)
from commands.two_factor import end_sessions, turn_off
from db.models import StaffMember
from domain.audit import AuditKind
from domain.errors import DomainError, NotFound, ValidationFailed
from domain.roles import PERMISSIONS, Permission, Role
from portal.forms import Form, StaffForm
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import providers_of, timezone_of_practice
from portal.rendering import errors_by_field
from web.fields import opaque_id
from web.identity import SignedInStaff, permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_staff_router = APIRouter(
    prefix="/console/staff", tags=["pages: console"], dependencies=[permitted(Permission.MANAGE_STAFF)]
)


async def own_member(staff_id: str, session: Transaction, staff: SignedInStaff) -> StaffMember:
    return await member_of(session, staff.practice_id, opaque_id(staff_id))


OwnMember = Annotated[StaffMember, Depends(own_member)]


@console_staff_router.get("", summary="Who can sign in, and what they may do")
async def staff_page(session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    return await _page(session, office, frame)


@console_staff_router.post("", summary="Invite a staff member by mail")
async def invite_member(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    try:
        async with session.begin_nested():
            member = await invite_staff(
                session,
                office,
                frame.staff.practice_id,
                name=form.text("name"),
                email=form.text("email"),
                position=_position(form),
            )
            await note(session, office, frame.staff.who, AuditKind.STAFF_INVITED, member.id)
    except DomainError as refusal:
        return await _page(session, office, frame, form, refusal)
    return go("/console/staff", "staff-invited")


@console_staff_router.post("/two-factor", summary="Require two-factor sign-in of all staff, or not")
async def require_two_factor(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame
) -> Response:
    wanted = form.has("required")
    if wanted != frame.practice.two_factor_required:
        practice = await session.merge(frame.practice)
        practice.two_factor_required = wanted
        kind = AuditKind.TWO_FACTOR_REQUIRED if wanted else AuditKind.TWO_FACTOR_NOT_REQUIRED
        await note(session, office, frame.staff.who, kind, practice.id)
    return go("/console/staff", "staff-changed")


@console_staff_router.get("/{staff_id}", summary="One staff member")
async def member_page(session: Transaction, frame: TheStaffFrame, member: OwnMember) -> Response:
    return await _member_page(session, frame, member)


@console_staff_router.post("/{staff_id}/{action}", summary="Change a role, invite again, take in or out")
async def change_member(
    action: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, member: OwnMember
) -> Response:
    try:
        async with session.begin_nested():
            kind = await _change(session, office, member, action, form)
            await note(session, office, frame.staff.who, kind, member.id)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _member_page(session, frame, member, form, refusal)
    return go("/console/staff", f"staff-{action}")


async def _change(session: AsyncSession, office: Office, member: StaffMember, action: str, form: Form) -> AuditKind:
    match action:
        case "role":
            await change_position(session, member, _position(form))
            return AuditKind.STAFF_CHANGED
        case "again":
            await invite_staff_again(session, office, member)
            return AuditKind.STAFF_INVITED_AGAIN
        case "deactivate":
            await deactivate(session, office, member)
            return AuditKind.STAFF_DEACTIVATED
        case "reactivate":
            await reactivate(session, office, member)
            return AuditKind.STAFF_REACTIVATED
        case "reset-two-factor":
            await turn_off(session, member)
            await end_sessions(session, SessionKind.STAFF, member.id)
            return AuditKind.TWO_FACTOR_RESET
    raise NotFound("There is nothing here.")


def _position(form: Form) -> Position:
    return Position(role=form.first("role"), provider=form.first("provider") or None)


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    return frame.render(
        "console/staff.html",
        status=status_of(refusal) if refusal else 200,
        rows=await staff_of(session, frame.staff.practice_id),
        now=await office.clock.now(session),
        providers=await providers_of(session, frame.staff.reach, there=True),
        timezone=await timezone_of_practice(session, frame.staff.reach),
        permissions=[(one, [role for role in Role if one in PERMISSIONS[role]]) for one in Permission],
        values=form.flat() if form else {},
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
    )


async def _member_page(
    session: AsyncSession,
    frame: StaffFrame,
    member: StaffMember,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    rows = await staff_of(session, frame.staff.practice_id)
    return frame.render(
        "console/staff_member.html",
        status=status_of(refusal) if refusal else 200,
        row=next(one for one in rows if one.member.id == member.id),
        providers=await providers_of(session, frame.staff.reach, there=True),
        timezone=await timezone_of_practice(session, frame.staff.reach),
        now=datetime.now(UTC),
        values=form.flat() if form else {},
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
    )
