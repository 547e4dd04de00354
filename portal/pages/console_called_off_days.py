"""Calling off a provider's days on the console: asked, looked at, confirmed, watched, and undone or stopped."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.called_off_days import (
    call_off,
    look_at_calling_off,
    read_request,
    stop_calling_off,
    undo_calling_off,
)
from commands.office import Office
from db.called_off_days import asked_of, counted, newest_called_off, parts_of
from db.models import Provider
from db.settings_store import load_availability
from db.tenancy import provider_by_slug
from domain.called_off_days import Fate, PartState, Phase
from domain.calling_off_request import FIELDS, LONGEST_REASON, LONGEST_WORDS
from domain.errors import Conflict, DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from domain.wording import local_date
from portal.forms import Form, StaffForm, new_form_token
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import providers_of
from portal.rendering import errors_by_field, refresh_after
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_called_off_router = APIRouter(
    prefix="/console/called-off-days", tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)]
)

_HOME = "/console/called-off-days"
_LOOK_AGAIN_SECONDS = 2
_LOOK_AGAIN_BEFORE_IT_BEGINS_SECONDS = 15
_USUAL = {"instead": "move", "within_days": "14"}


@console_called_off_router.get("", summary="Days that were called off lately")
async def called_off_page(session: Transaction, frame: TheStaffFrame) -> Response:
    found = await newest_called_off(session, frame.staff.reach)
    zones = {one.provider.id: (await load_availability(session, one.provider.id)).timezone for one in found}
    return frame.render(
        "console/called_off_list.html", found=found, zones=zones, asked_of=asked_of, provided=await _any(session, frame)
    )


@console_called_off_router.get(
    "/new", summary="Call off a day: whose, which, and what instead", dependencies=[permitted(Permission.SERVE_CLIENTS)]
)
async def new_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    provider: Annotated[str | None, Query(max_length=100)] = None,
    on: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    form = Form({"provider": [provider or ""], "first_day": [on or ""]} | {name: [one] for name, one in _USUAL.items()})
    return await _ask(session, office, frame, form)


@console_called_off_router.post(
    "/new",
    summary="Before calling off: what becomes of each appointment",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def before_calling_off(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame
) -> Response:
    if form.has("change"):
        return await _ask(session, office, frame, form)
    try:
        provider = await _provider(session, frame, form)
        asked = await read_request(session, office, provider, _values(form))
        preview = await look_at_calling_off(session, office, provider, asked)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _ask(session, office, frame, form, refusal)
    return frame.render(
        "console/called_off_preview.html",
        provider=provider,
        preview=preview,
        counts={fate: preview.count(fate) for fate in Fate},
        posted=[(name, form.first(name)) for name in ("provider", *FIELDS)],
        form_token=new_form_token(),
    )


@console_called_off_router.post(
    "", summary="Call the days off: closed at once", dependencies=[permitted(Permission.SERVE_CLIENTS)]
)
async def confirm(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    try:
        async with session.begin_nested():
            provider = await _provider(session, frame, form)
            asked = await read_request(session, office, provider, _values(form))
            key = form.first("form_token")[:100] or None
            row = await call_off(session, office, provider, frame.staff.who, asked, idempotency_key=key)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _ask(session, office, frame, form, refusal)
    return go(f"{_HOME}/{row.id}")


@console_called_off_router.get("/{called_off_id}", summary="How far it has got, appointment by appointment")
async def run_page(session: Transaction, frame: TheStaffFrame, called_off_id: str) -> Response:
    return await _run(session, frame, called_off_id)


@console_called_off_router.post(
    "/{called_off_id}/undo",
    summary="Within the grace period: open the days again",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def undo(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, called_off_id: str
) -> Response:
    try:
        async with session.begin_nested():
            row = await undo_calling_off(session, office, frame.staff.reach, frame.staff.who, opaque_id(called_off_id))
    except Conflict as refusal:
        return await _run(session, frame, called_off_id, refusal)
    return go(f"{_HOME}/{row.id}", "called-off-undone")


@console_called_off_router.post(
    "/{called_off_id}/stop",
    summary="Leave what isn't done yet",
    dependencies=[permitted(Permission.SERVE_CLIENTS)],
)
async def stop(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, called_off_id: str
) -> Response:
    try:
        async with session.begin_nested():
            row = await stop_calling_off(session, office, frame.staff.reach, frame.staff.who, opaque_id(called_off_id))
    except Conflict as refusal:
        return await _run(session, frame, called_off_id, refusal)
    return go(f"{_HOME}/{row.id}", "called-off-stopped")


def _values(form: Form) -> dict[str, object]:
    return {name: form.first(name) for name in FIELDS}


async def _any(session: AsyncSession, frame: StaffFrame) -> bool:
    return bool(await providers_of(session, frame.staff.reach))


async def _provider(session: AsyncSession, frame: StaffFrame, form: Form) -> Provider:
    if not form.first("provider"):
        raise ValidationFailed.of("provider", "Please choose the provider.")
    return await provider_by_slug(session, opaque_id(form.first("provider")), frame.staff.reach)


async def _ask(
    session: AsyncSession, office: Office, frame: StaffFrame, form: Form, refusal: DomainError | None = None
) -> Response:
    providers = await providers_of(session, frame.staff.reach)
    if not providers:
        raise NotFound("This practice has no provider yet.")
    values = form.flat()
    whose = next((one for one in providers if one.slug == values.get("provider")), providers[0])
    timezone = (await load_availability(session, whose.id)).timezone
    today = local_date(await office.clock.now(session), timezone)
    running = refusal.data.get("called_off_id") if isinstance(refusal, Conflict) else None
    return frame.render(
        "console/called_off_new.html",
        status=status_of(refusal) if refusal else 200,
        providers=providers,
        whose=whose,
        timezone=timezone,
        values=values | ({} if values.get("first_day") else {"first_day": today.isoformat()}),
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        running=running,
        longest_reason=LONGEST_REASON,
        longest_words=LONGEST_WORDS,
    )


async def _run(
    session: AsyncSession, frame: StaffFrame, called_off_id: str, refusal: DomainError | None = None
) -> Response:
    found = await newest_called_off(session, frame.staff.reach, only=opaque_id(called_off_id))
    if not found:
        raise NotFound("No such days were called off.")
    one = found[0]
    parts = await parts_of(session, one.row.id)
    pause = _LOOK_AGAIN_BEFORE_IT_BEGINS_SECONDS if one.phase is Phase.WAITING else _LOOK_AGAIN_SECONDS
    settled = sum(part.state != PartState.WAITING for part, _ in parts)
    return frame.render(
        "console/called_off.html",
        status=status_of(refusal) if refusal else 200,
        one=one,
        asked=asked_of(one.row),
        parts=parts,
        counts=counted([part for part, _ in parts]),
        settled=settled,
        timezone=(await load_availability(session, one.provider.id)).timezone,
        refusal=refusal.detail if refusal else None,
        refresh=refresh_after(pause) if one.phase.open else None,
    )
