"""All data of one client: exported as a file, and erased."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from commands.audit import note
from commands.erasing import Erased, erase, erasure_of, preview_erasure
from db.held import Fate
from db.tenancy import client_of_practice
from domain.audit import AuditKind
from portal.api.clients import OwnClient
from portal.record_archive import archive_of, zip_answer
from portal.shapes import Json, instant
from web.bodies import json_object
from web.fields import only, opaque_id, text
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

record_router = APIRouter(prefix="/clients/{client_id}", tags=["clients"])


@record_router.get(
    "/export",
    summary="All data of a client, as a ZIP file",
    responses={200: {"content": {"application/zip": {}}}},
    response_class=Response,
)
async def export(session: Transaction, office: TheOffice, staff: ApiPractice, client: OwnClient) -> Response:
    """`index.html` to read, `data/*.json` of every row (sealed answers opened), the forms, and PDF files."""
    await note(session, office, staff.who, AuditKind.CLIENT_EXPORTED, client.id)
    await session.flush()
    return zip_answer(client.id, await archive_of(session, office, client))


@record_router.get("/erasure", summary="What an erasure would remove and keep, or how it stands")
async def read_erasure(client_id: str, session: Transaction, office: TheOffice, staff: ApiPractice) -> Json:
    erased = await erasure_of(session, staff.reach, opaque_id(client_id))
    if erased is not None:
        return _shape(erased)
    client = await client_of_practice(session, staff.reach, opaque_id(client_id))
    preview = await preview_erasure(session, office, client)
    counts: dict[str, dict[str, int]] = {
        str(fate): {str(one): count for one, count in preview.counts[fate].items()} for fate in Fate
    }
    obstacles: list[dict[str, Any]] = [
        {"rule": str(one.obstacle), "appointment_id": one.appointment_id} for one in preview.obstacles
    ]
    same = [one.id for one in preview.same_person]
    standing = {"client_id": client.id, "erased_at": None, "allowed": not obstacles, "obstacles": obstacles}
    return standing | {"same_person": same} | counts


@record_router.post("/erase", status_code=202, summary="Erase a client for good")
async def erase_client(
    client_id: str, request: Request, session: Transaction, office: TheOffice, staff: ApiPractice
) -> Json:
    """`confirm` is the client's first and last name. Refused (409, `obstacles`) while an appointment is ahead, or money
    under way. Asked again, the same answer; `finished` once the journeys have ended, too.
    """
    if await erasure_of(session, staff.reach, opaque_id(client_id)) is None:
        await client_of_practice(session, staff.reach, opaque_id(client_id))  # Whose it is, is asked before the body.
    body = await json_object(request)
    only(body, ("confirm",))
    confirmation = text(body, "confirm")
    return _shape(
        await erase(session, office, staff.reach, opaque_id(client_id), who=staff.who, confirmation=confirmation)
    )


def _shape(erased: Erased) -> Json:
    return {"client_id": erased.client_id, "erased_at": instant(erased.erased_at), "finished": erased.finished}
