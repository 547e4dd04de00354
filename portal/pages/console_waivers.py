"""Waiving a client's fee on the console, and taking that back."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from commands.waivers import take_back_waiver, waive_fee
from domain.errors import DomainError
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.console_client import LockedClient, page_of
from portal.pages.frames import TheStaffFrame, go
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_waivers_router = APIRouter(
    prefix="/console/clients/{client_id}/fee-waiver",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)


@console_waivers_router.post("", summary="Waive the fee of the client's next appointment")
async def waive(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: LockedClient
) -> Response:
    try:
        await waive_fee(session, office, client, reason=form.text("waiver_reason"), who=frame.staff.who)
    except DomainError as refusal:
        return await page_of(session, office, frame, client, refusal=refusal)
    return go(f"/console/clients/{client.id}", "fee-waived")


@console_waivers_router.post("/take-back", summary="Ask a fee of the client again")
async def take_back(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: LockedClient
) -> Response:
    try:
        await take_back_waiver(session, office, client, who=frame.staff.who)
    except DomainError as refusal:
        return await page_of(session, office, frame, client, refusal=refusal)
    return go(f"/console/clients/{client.id}", "fee-asked-again")
