"""The queue of what waits for a person, the most urgent first; and the demo's clock."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from commands.attention import actions_for, open_items
from commands.time_travel import advance
from db.tenancy import client_of_practice
from domain.errors import EngineUnavailable, NotFound
from domain.roles import Permission
from portal.api.attention import TheEngine
from portal.forms import StaffForm
from portal.pages.frames import TheStaffFrame, go
from portal.pages.queries import timezone_of_practice
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_attention_router = APIRouter(tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)])

_A_DAY = 24 * 3600


@console_attention_router.get("/console/attention", summary="What waits for a person")
async def attention_page(session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    now = await office.clock.now(session)
    items = sorted(await open_items(session, frame.staff.reach), key=lambda item: (item.due_at or now, item.raised_at))
    rows = [
        (item, await client_of_practice(session, frame.staff.reach, item.client_id), actions_for(item))
        for item in items
    ]
    return frame.render(
        "console/attention.html",
        rows=rows,
        now=now,
        timezone=await timezone_of_practice(session, frame.staff.reach),
    )


@console_attention_router.post("/console/demo/advance", summary="Move the demo's clock on by one day")
async def advance_one_day(office: TheOffice, engine: TheEngine, form: StaffForm, frame: TheStaffFrame) -> Response:
    """Pages, database and every open journey go along. Not in production."""
    if office.environment == "production":
        raise NotFound("There is nothing here.")
    try:
        await advance(office, engine, _A_DAY)
    except EngineUnavailable:
        return go("/console", "not-advanced")
    return go("/console", "advanced")
