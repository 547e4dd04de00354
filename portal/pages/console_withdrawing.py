"""Closing a client's way on the console: what that calls off is said before, and a reason is kept."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.withdrawing import may_withdraw, withdraw
from db.models import Client
from db.settings_store import load_availability
from domain.errors import Conflict, DomainError, ValidationFailed
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.console_client import OwnClient
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import appointments_of
from portal.rendering import errors_by_field
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_withdrawing_router = APIRouter(
    prefix="/console/clients/{client_id}/withdraw",
    tags=["pages: console"],
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)


@console_withdrawing_router.get("", summary="Before a client's way is closed")
async def withdraw_page(session: Transaction, office: TheOffice, frame: TheStaffFrame, client: OwnClient) -> Response:
    return await _page(session, office, frame, client)


@console_withdrawing_router.post("", summary="End this client's way: nobody is waited for any more")
async def end_the_way(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, client: OwnClient
) -> Response:
    reason = form.first("reason")
    try:
        async with session.begin_nested():
            reach, who = frame.staff.reach, frame.staff.who
            await withdraw(session, office, reach, client.id, who=who, reason=reason)
    except (Conflict, ValidationFailed) as refusal:
        return await _page(session, office, frame, client, typed=reason, refusal=refusal)
    return go(f"/console/clients/{client.id}", "withdrawn")


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    client: Client,
    *,
    typed: str = "",
    refusal: DomainError | None = None,
) -> Response:
    decision = await may_withdraw(session, office, client)
    rows = await appointments_of(session, client.id)
    wrong = refusal.errors if isinstance(refusal, ValidationFailed) else ()
    not_now = refusal if isinstance(refusal, Conflict) else decision.refusal
    return frame.render(
        "console/withdraw.html",
        status=status_of(refusal) if refusal else 200,
        client=client,
        called_off=[row for row in rows if row.appointment.id in decision.calls_off],
        timezone=(await load_availability(session, client.provider_id)).timezone,
        typed=typed,
        errors=errors_by_field(wrong),
        refusal=not_now.detail if not_now else None,
    )
