"""A client's invitation on the console: sent again, or taken back."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from commands.audit import note
from commands.invitations import issue_again, revoke
from domain.audit import AuditKind
from domain.errors import DomainError
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.console_client import LockedClient, OwnClient, page_of
from portal.pages.frames import TheStaffFrame, go
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_invitation_router = APIRouter(
    prefix="/console/clients/{client_id}/invitation",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)


@console_invitation_router.post("", summary="Send the invitation again")
async def invite_again(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: LockedClient
) -> Response:
    try:
        await issue_again(session, office, client)
    except DomainError as refusal:
        return await page_of(session, office, frame, client, refusal=refusal)
    await note(session, office, frame.staff.who, AuditKind.INVITATION_SENT_AGAIN, client.id)
    return go(f"/console/clients/{client.id}", "invited-again")


@console_invitation_router.get("/revoke", summary="Before taking the invitation back: what happens")
async def before_revoking(frame: TheStaffFrame, client: OwnClient) -> Response:
    return frame.render("console/revoke.html", client=client)


@console_invitation_router.post("/revoke", summary="Take the invitation back")
async def take_back(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: LockedClient
) -> Response:
    try:
        _, changed = await revoke(session, office, client)
    except DomainError as refusal:
        return await page_of(session, office, frame, client, refusal=refusal)
    if changed:
        await note(session, office, frame.staff.who, AuditKind.INVITATION_REVOKED, client.id)
    return go(f"/console/clients/{client.id}", "revoked")
