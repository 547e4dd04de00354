"""All data of one client on the console: exported as a file, and erased."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.erasing import erase, erasure_of, preview_erasure
from commands.office import Office
from db.held import Fate, Holding
from db.models import Appointment, Client
from db.settings_store import load_availability
from db.tenancy import client_of_practice
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, ValidationFailed
from domain.roles import Permission
from portal.forms import StaffForm
from portal.holding_words import HOLDING, OBSTACLE, STAYS
from portal.pages.console_client import OwnClient
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.record_archive import archive_of, zip_answer
from portal.rendering import errors_by_field
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

# Stripped of words only: what they say goes, what they count stays.
_LEDGER = (Holding.APPOINTMENTS, Holding.PAYMENTS)

console_record_router = APIRouter(prefix="/console/clients/{client_id}", tags=["pages: console"])


@console_record_router.get(
    "/export.zip", summary="All data of a client, as a ZIP file", dependencies=[permitted(Permission.EXPORT_CLIENT)]
)
async def export(session: Transaction, office: TheOffice, frame: TheStaffFrame, client: OwnClient) -> Response:
    await note(session, office, frame.staff.who, AuditKind.CLIENT_EXPORTED, client.id)
    await session.flush()
    return zip_answer(client.id, await archive_of(session, office, client))


@console_record_router.get(
    "/erase", summary="Before a client is erased", dependencies=[permitted(Permission.ERASE_CLIENT)]
)
async def erase_page(client_id: str, session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    if await erasure_of(session, frame.staff.reach, opaque_id(client_id)) is not None:
        return go("/console", "erased")
    client = await _client(client_id, session, frame)
    return await _page(session, office, frame, client)


@console_record_router.post(
    "/erase", summary="Erase a client for good", dependencies=[permitted(Permission.ERASE_CLIENT)]
)
async def erase_client(
    client_id: str, session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame
) -> Response:
    """Asked again, as by a double click, the same erasure."""
    typed = form.text("confirm")[:500]
    try:
        async with session.begin_nested():
            reach, who = frame.staff.reach, frame.staff.who
            await erase(session, office, reach, opaque_id(client_id), who=who, confirmation=typed)
    except (Conflict, ValidationFailed) as refusal:
        client = await _client(client_id, session, frame)
        return await _page(session, office, frame, client, typed=typed, refusal=refusal)
    return go("/console", "erased")


async def _client(client_id: str, session: AsyncSession, frame: StaffFrame) -> Client:
    return await client_of_practice(session, frame.staff.reach, opaque_id(client_id))


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    client: Client,
    *,
    typed: str = "",
    refusal: DomainError | None = None,
) -> Response:
    preview = await preview_erasure(session, office, client)
    goes = preview.counts[Fate.STRIPPED] | preview.counts[Fate.REMOVED]
    stays = preview.counts[Fate.STRIPPED] | preview.counts[Fate.KEPT]
    return frame.render(
        "console/erase.html",
        status=status_of(refusal) if refusal else 200,
        client=client,
        goes=[(HOLDING[one], goes[one]) for one in Holding if one in goes and one not in _LEDGER],
        stays=[(STAYS[one], stays[one]) for one in Holding if one in stays],
        obstacles=[
            (await session.get_one(Appointment, one.appointment_id), OBSTACLE[one.obstacle])
            for one in preview.obstacles
        ],
        same_person=preview.same_person,
        timezone=(await load_availability(session, client.provider_id)).timezone,
        typed=typed,
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if isinstance(refusal, Conflict) else None,
    )
