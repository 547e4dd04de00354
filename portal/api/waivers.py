"""A client's waived fee, for the practice: read, waived, taken back."""

from __future__ import annotations

from fastapi import APIRouter, Request

from commands.waivers import take_back_waiver, waive_fee
from db.models import FeeWaiver
from db.waivers import open_waiver
from portal.api.clients import LockedClient, OwnClient
from portal.shapes import Json, instant
from web.bodies import json_object
from web.fields import only, optional_text
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

waivers_router = APIRouter(prefix="/clients/{client_id}/fee-waiver", tags=["clients"])


@waivers_router.get("", summary="Whether the fee of this client's next appointment is waived")
async def read_waiver(session: Transaction, client: OwnClient) -> Json:
    return _shape(await open_waiver(session, client.id))


@waivers_router.post("", status_code=201, summary="Waive the fee of this client's next appointment")
async def waive(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, client: LockedClient
) -> Json:
    """With a reason. It can be taken back until the appointment is booked; cancelling that leaves it as it was."""
    body = await json_object(request)
    only(body, ("reason",))
    return _shape(await waive_fee(session, office, client, reason=optional_text(body, "reason", 2000), who=staff.who))


@waivers_router.delete("", summary="Take the waiver back")
async def take_back(session: Transaction, office: TheOffice, staff: ApiPractice, client: LockedClient) -> Json:
    await take_back_waiver(session, office, client, who=staff.who)
    return _shape(None)


def _shape(waiver: FeeWaiver | None) -> Json:
    if waiver is None:
        return {"waiver": None}
    said = {"reason": waiver.reason, "waived_by": waiver.waived_by, "waived_at": instant(waiver.waived_at)}
    return {"waiver": {"id": waiver.id, **said}}
