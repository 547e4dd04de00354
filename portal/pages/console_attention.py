"""The queue of what waits for a person, the most urgent first; and the demo's clock."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.attention import actions_for, open_items, resolve_affair
from commands.time_travel import advance
from db.models import AttentionItem, Client
from db.tenancy import client_of_practice
from domain.errors import Conflict, EngineUnavailable, NotFound
from domain.roles import Permission
from domain.states import AttentionAction
from portal.api.attention import TheEngine
from portal.forms import StaffForm
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import timezone_of_practice
from web.fields import opaque_id
from web.identity import SignedInStaff, permitted
from web.transactions import TheOffice, Transaction

console_attention_router = APIRouter(tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)])

_A_DAY = 24 * 3600


@console_attention_router.get("/console/attention", summary="What waits for a person")
async def attention_page(session: Transaction, office: TheOffice, frame: TheStaffFrame) -> Response:
    now = await office.clock.now(session)
    items = sorted(await open_items(session, frame.staff.reach), key=lambda item: (item.due_at or now, item.raised_at))
    rows = [(item, await _client(session, frame, item), actions_for(item)) for item in items]
    return frame.render(
        "console/attention.html",
        rows=rows,
        now=now,
        timezone=await timezone_of_practice(session, frame.staff.reach),
    )


async def _client(session: AsyncSession, frame: StaffFrame, item: AttentionItem) -> Client | None:
    if item.client_id is None:
        return None
    return await client_of_practice(session, frame.staff.reach, item.client_id)


@console_attention_router.post(
    "/console/attention/{item_id}",
    summary="Answer what waits in an affair of the practice's own",
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)
async def answer_affair(
    office: TheOffice, engine: TheEngine, form: StaffForm, staff: SignedInStaff, item_id: str
) -> Response:
    try:
        action = AttentionAction(form.first("action"))
        await resolve_affair(office, engine, staff.reach, opaque_id(item_id), action, who=staff.who)
    except (ValueError, Conflict):
        return go("/console/attention", "answered-before")
    return go("/console/attention", "answered")


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
