"""When a provider sees clients: weekly hours, single dates, time off, the practice's holidays; each change a version.

A change that leaves booked appointments outside the hours is shown before it is saved: they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.availability import earlier_availability, outside_hours, plan_availability
from commands.office import Office
from commands.settings import read_settings, save_settings
from db.holidays_store import load_holidays
from db.models import Appointment, Client, Provider
from db.settings_store import load_availability
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from domain.states import SettingsKind
from domain.wording import local_date
from portal import hours_words
from portal.availability_forms import changed, sheet_from, sheet_of, whole
from portal.forms import CSRF_FIELD, Form, StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.policy_levels import posted_version
from portal.paths import with_query
from portal.rendering import errors_by_field
from portal.zones import zone_choices
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_availability_router = APIRouter(
    prefix="/console/providers/{provider}/availability",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)

# What a form changes, and the card of the page that it stands on.
_CARDS = {
    "hours": "hours",
    "more": "hours",
    "copy": "hours",
    "date": "dates",
    "remove-date": "dates",
    "time-off": "time-off",
    "remove-time-off": "time-off",
    "open": "holidays",
    "closed": "holidays",
}
_LABELS = {"timezone": "Time zone", "first_day": "First day", "last_day": "Last day"}


@console_availability_router.get("", summary="When a provider sees clients")
async def availability_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    provider: OwnProvider,
    saved: Annotated[str | None, Query(max_length=20)] = None,
    undo: Annotated[str | None, Query(max_length=10)] = None,
) -> Response:
    return await _page(session, office, frame, provider, saved=saved, undo=undo)


@console_availability_router.post("", summary="Change one thing about when a provider sees clients")
async def change_availability(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    action = form.first("action").partition(".")[0]
    if action in ("more", "copy"):
        return await _page(session, office, frame, provider, form=form)
    try:
        async with session.begin_nested():
            return await _save(session, office, frame, provider, form)
    except NotFound:
        raise
    except DomainError as refusal:
        return await _page(session, office, frame, provider, form=form, refusal=refusal)


async def _save(session: AsyncSession, office: Office, frame: StaffFrame, provider: Provider, form: Form) -> Response:
    """Save it, or say first which booked appointments it leaves outside the hours. Raises DomainError."""
    current = await read_settings(session, provider, SettingsKind.AVAILABILITY)
    if posted_version(form) != current.version:
        raise Conflict("Somebody else has changed this meanwhile. Please look at theirs, and make your change again.")
    card = _CARDS.get(form.first("action").partition(".")[0], "undo")
    if form.first("action") == "undo":
        document = whole(await earlier_availability(session, provider, current.version - 1))
    else:
        document = changed(current.document, form)
    plan = await plan_availability(session, office, provider, document)
    home = f"/console/providers/{provider.slug}/availability"
    if plan.closes and not form.has("confirmed"):
        return await confirmation(session, frame, form, plan.closes, home=home)
    saved = await save_settings(
        session,
        office,
        provider,
        SettingsKind.AVAILABILITY,
        document,
        saved_by=frame.staff.name,
        expected_version=current.version,
    )
    await note(session, office, frame.staff.who, AuditKind.SETTINGS_SAVED, provider.id)
    if card == "undo":
        return go(home, "undone")
    undo = str(saved.version) if current.version else None
    return RedirectResponse(f"{with_query(home, saved=card, undo=undo)}#{card}", 303)


async def confirmation(
    session: AsyncSession, frame: StaffFrame, form: Form, closes: Sequence[Appointment], *, home: str
) -> Response:
    """What is booked at times that would be closed: it stands, and can be moved or cancelled from here."""
    return frame.render(
        "console/availability_confirm.html",
        posted=[(name, value) for name, values in form.values.items() if name != CSRF_FIELD for value in values],
        action=frame.request.url.path,
        closed=await with_clients(session, closes),
        zones={one.provider_id: (await load_availability(session, one.provider_id)).timezone for one in closes},
        home=home,
    )


async def with_clients(session: AsyncSession, appointments: Sequence[Appointment]) -> list[tuple[Appointment, Client]]:
    query = select(Client).where(Client.id.in_([one.client_id for one in appointments]))
    clients = {client.id: client for client in await session.scalars(query)}
    return [(one, clients[one.client_id]) for one in appointments]


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    *,
    saved: str | None = None,
    undo: str | None = None,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    """With a form: its card shows what was typed, and with a refusal what is wrong with it."""
    view = await read_settings(session, provider, SettingsKind.AVAILABILITY)
    hours = await load_availability(session, provider.id)
    now = await office.clock.now(session)
    card = _CARDS.get(form.first("action").partition(".")[0], "") if form else ""
    typed = form is not None and card == "hours" and not isinstance(refusal, Conflict)
    today = local_date(now, hours.timezone)
    errors = errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {}
    return frame.render(
        "console/availability.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        version=view.version,
        timezone=hours.timezone,
        now=now,
        sheet=sheet_from(form) if typed and form else sheet_of(view.document),
        zone_choices=zone_choices(),
        words_of=hours_words,
        dates=[one for one in hours.overrides if one.date >= today],
        time_off=[one for one in hours.time_off if one.last_day >= today],
        holidays=[one for one in (await load_holidays(session, provider.practice_id))[1].days if one.date >= today],
        hours=hours,
        outside=await with_clients(session, await outside_hours(session, office, provider)),
        saved=saved,
        may_undo=undo == str(view.version),
        failed=card if refusal else None,
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        errors=errors,
        labels={name: _label(name) for name in errors},
        values=form.flat() if form and not typed else {},
    )


def _label(name: str) -> str:
    """What an input is called in the list of what needs correcting."""
    what, _, rest = name.partition(".")
    side = {"start": ", from", "end": ", to"}.get(rest.rpartition(".")[2], "")
    return _LABELS.get(what, what.capitalize()) + side
