"""The practice's holidays: days on which all its providers are closed, but for those who stay open."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.availability import change_holidays, plan_holidays
from commands.office import Office
from db.holidays_store import load_holidays
from db.settings_store import load_availability
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, NotFound, ValidationFailed
from domain.holidays import Holidays
from domain.roles import Permission
from domain.wording import local_date
from portal import hours_words
from portal.forms import Form, StaffForm
from portal.pages.console_availability import confirmation
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.policy_levels import posted_version
from portal.pages.queries import providers_of, timezone_of_practice
from portal.rendering import errors_by_field
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_holidays_router = APIRouter(
    prefix="/console/holidays", tags=["pages: console"], dependencies=[permitted(Permission.CHANGE_PRACTICE)]
)

_HOME = "/console/holidays"
_LONGEST = 60  # days at once


@console_holidays_router.get("", summary="The practice's holidays")
async def holidays_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    saved: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    return await _page(session, office, frame, saved=saved)


@console_holidays_router.post("", summary="Add or remove a holiday")
async def change(session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame) -> Response:
    try:
        async with session.begin_nested():
            return await _save(session, office, frame, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _page(session, office, frame, form=form, refusal=refusal)


async def _save(session: AsyncSession, office: Office, frame: StaffFrame, form: Form) -> Response:
    practice_id = frame.staff.practice_id
    version, holidays = await load_holidays(session, practice_id)
    if posted_version(form) != version:
        raise Conflict("Somebody else has changed the holidays meanwhile. Please make your change again.")
    document = changed(holidays, form)
    plan = await plan_holidays(session, office, practice_id, document)
    if plan.closes and not form.has("confirmed"):
        return await confirmation(session, frame, form, plan.closes, home=_HOME)
    await change_holidays(session, office, practice_id, document, saved_by=frame.staff.name, expected_version=version)
    await note(session, office, frame.staff.who, AuditKind.SETTINGS_SAVED, practice_id)
    if form.first("action") == "add":
        return RedirectResponse(f"{_HOME}?saved=ahead#ahead", 303)
    return go(_HOME, "holiday-removed")


def changed(holidays: Holidays, form: Form) -> dict[str, Any]:
    """The document with what the form adds or removes. Raises ValidationFailed naming the inputs."""
    days = holidays.as_document()["holidays"]
    change, _, about = form.first("action").partition(".")
    if change == "remove":
        return {"holidays": [one for one in days if one["date"] != about]}
    if change != "add":
        raise NotFound("There is no such part of the holidays.")
    first = _typed(form, "first_day")
    last = _typed(form, "last_day") if form.text("last_day") else first
    if not first <= last <= first + timedelta(days=_LONGEST):
        raise ValidationFailed.of("last_day", f"must be at most {_LONGEST} days after the date, and not before it")
    name = form.text("name")
    if not name:
        raise ValidationFailed.of("name", "is needed")
    added = [(first + timedelta(days=index)).isoformat() for index in range((last - first).days + 1)]
    others = [one for one in days if one["date"] not in added]
    return {"holidays": [*others, *({"date": day, "name": name} for day in added)]}


def _typed(form: Form, name: str) -> date:
    try:
        return date.fromisoformat(form.text(name))
    except ValueError:
        raise ValidationFailed.of(name, "must be a date such as 2026-12-24") from None


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    *,
    saved: str | None = None,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    version, holidays = await load_holidays(session, frame.staff.practice_id)
    today = local_date(await office.clock.now(session), await timezone_of_practice(session, frame.staff.reach))
    open_at: dict[date, list[str]] = {}
    for provider in await providers_of(session, frame.staff.reach):
        for day in (await load_availability(session, provider.id)).open_on_holidays:
            open_at.setdefault(day, []).append(provider.name)
    adding = form is not None and form.first("action") == "add"
    return frame.render(
        "console/holidays.html",
        status=status_of(refusal) if refusal else 200,
        version=version,
        ahead=[one for one in holidays.days if one.date >= today],
        open_at=open_at,
        words_of=hours_words,
        saved=saved,
        may_undo=False,
        failed=("add" if adding else "ahead") if refusal else None,
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        values=form.flat() if form and refusal else {},
    )
