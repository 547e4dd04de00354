"""The sign-up form's editor: fields, order, words and sections; its versions, and a way back to each of them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.office import Office
from commands.settings import read_settings, save_settings
from db.models import Provider
from db.settings_store import load_availability, load_signup_form
from db.signups import form_of_version, versions_of_form
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, NotFound, ValidationFailed
from domain.roles import Permission
from domain.signup_form import SignupForm, parse_signup_form
from domain.states import SettingsKind
from portal.forms import StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.doors import form_sections
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.signup_editor import OWN_TYPES, Sheet, changed, input_errors, sheet_of_form, sheet_of_posted
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_signup_form_router = APIRouter(
    prefix="/console/providers/{provider}/signup-form",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)


@console_signup_form_router.get("", summary="The sign-up form's editor")
async def edit_signup_form(session: Transaction, frame: TheStaffFrame, provider: OwnProvider) -> Response:
    version, form = await load_signup_form(session, provider.id)
    return await _editor(session, frame, provider, sheet_of_form(form), version)


@console_signup_form_router.post("", summary="Change the sign-up form that is being edited, or save a version")
async def write_signup_form(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    sheet, version, action = sheet_of_posted(form), _version(form.first("version")), form.first("action")
    if action != "save":
        sheet = changed(sheet, action, form)
        return await _editor(session, frame, provider, sheet, version, preview=action == "preview")
    try:
        await _save(session, office, frame, provider, sheet.as_document(), version)
    except DomainError as refusal:
        latest = refusal.data.get("version")
        version = latest if isinstance(latest, int) else version
        return await _editor(session, frame, provider, sheet, version, refusal)
    return go(f"/console/providers/{provider.slug}/signup-form", "signup-form-saved")


@console_signup_form_router.get("/versions/{version}", summary="One version of the sign-up form, as clients saw it")
async def signup_form_version(
    session: Transaction, frame: TheStaffFrame, provider: OwnProvider, version: str
) -> Response:
    number = _version(version)
    form = await form_of_version(session, provider.id, number)
    latest = (await load_signup_form(session, provider.id))[0]
    row = next((one for one in await versions_of_form(session, provider.id) if one.version == number), None)
    return frame.render(
        "console/signup_form_version.html",
        provider=provider,
        version=number,
        latest=latest,
        row=row,
        timezone=(await load_availability(session, provider.id)).timezone,
        **preview_of(form),
    )


@console_signup_form_router.post("/versions/{version}/restore", summary="Put an earlier version in force again")
async def restore_signup_form(
    session: Transaction,
    office: TheOffice,
    form: StaffForm,
    frame: TheStaffFrame,
    provider: OwnProvider,
    version: str,
) -> Response:
    """As a new version: what was saved in between stays in the list."""
    earlier = await form_of_version(session, provider.id, _version(version))
    expected = _version(form.first("version"))
    try:
        await _save(session, office, frame, provider, earlier.as_document(), expected)
    except Conflict as refusal:
        latest, current = await load_signup_form(session, provider.id)
        return await _editor(session, frame, provider, sheet_of_form(current), latest, refusal)
    return go(f"/console/providers/{provider.slug}/signup-form", "signup-form-restored")


async def _save(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    document: dict[str, Any],
    expected: int,
) -> None:
    kind = SettingsKind.SIGNUP_FORM
    async with session.begin_nested():
        # What isn't in order is told before anybody is told to look at another's version.
        parse_signup_form(document)
        latest = (await read_settings(session, provider, kind)).version
        if latest != expected:
            raise Conflict("Somebody else has saved the form meanwhile.", version=latest)
        await save_settings(
            session, office, provider, kind, document, saved_by=frame.staff.name, expected_version=expected
        )
        await note(session, office, frame.staff.who, AuditKind.SETTINGS_SAVED, provider.id)


def preview_of(form: SignupForm) -> dict[str, Any]:
    """What the template of the form's fields needs, with nothing filled in."""
    return form_sections(form) | {"preview": True}


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound("There is no such version of the sign-up form.")
    return int(text)


async def _editor(
    session: AsyncSession,
    frame: StaffFrame,
    provider: Provider,
    sheet: Sheet,
    version: int,
    refusal: DomainError | None = None,
    *,
    preview: bool = False,
) -> Response:
    versions = await versions_of_form(session, provider.id)
    named = {row.key: row.label or "A question without a text" for row in sheet.rows}
    errors = input_errors(sheet, refusal.errors) if isinstance(refusal, ValidationFailed) else {}
    try:
        shown = preview_of(parse_signup_form(sheet.as_document()))
    except ValidationFailed:
        shown = {"sections": [], "preview": True}
    return frame.render(
        "console/signup_form.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        sheet=sheet,
        version=version,
        versions=versions,
        timezone=(await load_availability(session, provider.id)).timezone,
        conflict=versions[0] if isinstance(refusal, Conflict) and versions else None,
        editor_errors=errors,
        labels={name: named.get(name.partition(".")[2], "") for name in errors},
        own_types=OWN_TYPES,
        preview_open=preview,
        errors={},
        **shown,
    )
