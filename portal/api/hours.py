"""The practice's holidays, and what a change of hours or holidays would mean for what is booked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response

from commands.audit import note
from commands.availability import change_holidays, plan_availability, plan_holidays
from db.holidays_store import load_holidays
from domain.audit import AuditKind
from domain.errors import Conflict
from portal.api.etags import expected_version, stale, tagged
from portal.api.provider_settings import OwnProvider
from portal.shapes import Json, appointment_shapes, listed
from web.bodies import json_object
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

hours_router = APIRouter(tags=["availability"])


@hours_router.post(
    "/providers/{provider}/availability/preview",
    summary="Booked appointments that a new availability would leave outside the hours; they stand",
)
async def preview_availability(
    request: Request, session: Transaction, office: TheOffice, provider: OwnProvider
) -> Json:
    plan = await plan_availability(session, office, provider, await json_object(request))
    return listed(await appointment_shapes(session, plan.closes))


@hours_router.get("/practice/holidays", summary="Days on which all providers of the practice are closed")
async def read_holidays(session: Transaction, staff: ApiPractice) -> Response:
    version, holidays = await load_holidays(session, staff.practice_id)
    return tagged(holidays.as_document(), version)


@hours_router.put("/practice/holidays", summary="Save the practice's holidays as a new version")
async def save_holidays(
    request: Request,
    session: Transaction,
    office: TheOffice,
    staff: ApiPractice,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    expected = expected_version(if_match)
    document = await json_object(request)
    current, _ = await load_holidays(session, staff.practice_id)
    if expected is not None and expected != current:
        return stale(current)
    try:
        version, holidays = await change_holidays(
            session, office, staff.practice_id, document, saved_by=staff.name, expected_version=expected
        )
    except Conflict as error:  # Somebody was quicker, between our look and the lock.
        return stale(error.data.get("version", current))
    await note(session, office, staff.who, AuditKind.SETTINGS_SAVED, staff.practice_id)
    return tagged(holidays.as_document(), version)


@hours_router.post(
    "/practice/holidays/preview",
    summary="Booked appointments, of all providers, that new holidays would leave outside the hours; they stand",
)
async def preview_holidays(request: Request, session: Transaction, office: TheOffice, staff: ApiPractice) -> Json:
    plan = await plan_holidays(session, office, staff.practice_id, await json_object(request))
    return listed(await appointment_shapes(session, plan.closes))
