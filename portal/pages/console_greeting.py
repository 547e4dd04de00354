"""The greeting's editor: words, files, preview, a mail to oneself; its versions, and a way back to each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.greeting_tests import last_test, send_to_myself
from commands.greetings import add_attachment, checked_greeting, file_of, preview_greeting, too_large
from commands.office import Office
from commands.settings import read_settings, save_settings
from db.models import Provider, SettingsVersion
from db.settings_store import list_attachments, load_availability, version_of, versions_of
from domain.attachments import EXTENSIONS, LARGEST_FILE, LARGEST_SUM, MOST_FILES, set_errors, spoken_size
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, FieldError, NotFound, ValidationFailed
from domain.roles import Permission
from domain.states import SettingsKind
from portal.forms import Form, FormWithFiles, StaffForm
from portal.framing import MAIL_IN_A_FRAME
from portal.greeting_editor import Sheet, changed, messages, sheet_of_document, sheet_of_posted
from portal.multipart import Sent
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_greeting_router = APIRouter(
    prefix="/console/providers/{provider}/greeting",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a button brought about, beside what the sheet now holds."""

    errors: Sequence[FieldError] = ()
    refusal: DomainError | None = None
    said: str | None = None
    anchor: str | None = None
    conflict: bool = field(default=False)


@console_greeting_router.get("", summary="The greeting's editor")
async def edit_greeting(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    view = await read_settings(session, provider, SettingsKind.GREETING)
    return await _editor(session, office, frame, provider, sheet_of_document(view.document), view.version, Outcome())


@console_greeting_router.post("", summary="Change the greeting that is being edited, try it, or save a version")
async def write_greeting(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider, sent: FormWithFiles
) -> Response:
    form, files = sent
    version, action = _version(form.first("version")), form.first("action")
    sheet, errors = await _take_files(session, office, frame, provider, sheet_of_posted(form), form, files)
    sheet = changed(sheet, action)
    outcome = Outcome(errors=errors)
    if not errors and action in ("save", "send", "preview"):
        try:
            async with session.begin_nested():
                if action == "save":
                    await _save(session, office, frame, provider, sheet.as_document(), version)
                    return go(_home(provider), "greeting-saved")
                outcome = await _tried(session, office, frame, provider, sheet, action)
        except DomainError as refusal:
            latest = refusal.data.get("version")
            version = latest if isinstance(latest, int) else version
            wrong = refusal.errors if isinstance(refusal, ValidationFailed) else ()
            outcome = Outcome(errors=wrong, refusal=refusal, conflict=isinstance(refusal, Conflict))
    return await _editor(session, office, frame, provider, sheet, version, outcome)


async def _tried(
    session: AsyncSession, office: Office, frame: StaffFrame, provider: Provider, sheet: Sheet, action: str
) -> Outcome:
    if action == "preview":
        await checked_greeting(session, office, provider, sheet.as_document())
        return Outcome(anchor="preview")
    assert frame.staff.id is not None
    address = await send_to_myself(session, office, provider, sheet.as_document(), staff_id=frame.staff.id)
    return Outcome(said=f"A test is on its way to {address}. Nothing has been saved.")


async def _take_files(
    session: AsyncSession, office: Office, frame: StaffFrame, provider: Provider, sheet: Sheet, form: Form, sent: Sent
) -> tuple[Sheet, list[FieldError]]:
    """Files that were chosen are taken up whichever button was pressed: a choice can't be given back to the browser."""
    errors: list[FieldError] = []
    for file in sent.files:
        place, _, replaced = file.field.partition(".")
        if place not in ("file", "replace"):
            continue
        try:
            async with session.begin_nested():
                added = await add_attachment(
                    session,
                    office,
                    provider,
                    name=file.name,
                    content=file.content,
                    who=frame.staff.who,
                    no_phi=form.has("no_phi"),
                )
            sheet = sheet.with_file(added.id, replaced if place == "replace" else None)
        except ValidationFailed as refusal:
            errors += [FieldError(field=one.field, message=one.message) for one in refusal.errors]
        except DomainError as refusal:
            errors.append(FieldError(field="file", message=refusal.detail))
    if sent.cut is not None:
        errors.append(FieldError(field="file", message=too_large(sent.cut).detail))
    if form.first("action").startswith("upload") and not sent.files and sent.cut is None:
        errors.append(FieldError(field="file", message="Please choose a file first."))
    return sheet, list(dict.fromkeys(errors))


@console_greeting_router.get("/files/{file_id}", summary="A file of the greeting")
async def greeting_file(session: Transaction, provider: OwnProvider, file_id: str) -> Response:
    file = await file_of(session, provider, opaque_id(file_id))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
    return Response(file.content, media_type=file.content_type, headers=headers)


@console_greeting_router.get("/versions/{version}", summary="One version of the greeting, as clients got it")
async def greeting_version(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider, version: str
) -> Response:
    row = await version_of(session, provider.id, SettingsKind.GREETING, _version(version))
    answer = frame.render(
        "console/greeting_version.html",
        provider=provider,
        row=row,
        latest=(await read_settings(session, provider, SettingsKind.GREETING)).version,
        timezone=(await load_availability(session, provider.id)).timezone,
        **await _as_mail(session, office, provider, row.document),
    )
    answer.headers.update(MAIL_IN_A_FRAME)
    return answer


@console_greeting_router.post("/versions/{version}/restore", summary="Put an earlier greeting in force again")
async def restore_greeting(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider, version: str
) -> Response:
    """As a new version: what was saved in between stays in the list."""
    row = await version_of(session, provider.id, SettingsKind.GREETING, _version(version))
    try:
        async with session.begin_nested():
            expected = _version(form.first("version"))
            await _save(session, office, frame, provider, row.document, expected, kind=AuditKind.SETTINGS_RESTORED)
    except Conflict as refusal:
        view = await read_settings(session, provider, SettingsKind.GREETING)
        outcome = Outcome(refusal=refusal, conflict=True)
        return await _editor(session, office, frame, provider, sheet_of_document(view.document), view.version, outcome)
    return go(_home(provider), "greeting-restored")


async def _save(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    document: dict[str, Any],
    expected: int,
    *,
    kind: AuditKind = AuditKind.SETTINGS_SAVED,
) -> None:
    # What isn't in order is told before anybody is told to look at another's version.
    await checked_greeting(session, office, provider, document)
    latest = (await read_settings(session, provider, SettingsKind.GREETING)).version
    if latest != expected:
        raise Conflict("Somebody else has saved the greeting meanwhile.", version=latest)
    await save_settings(
        session,
        office,
        provider,
        SettingsKind.GREETING,
        document,
        saved_by=frame.staff.name,
        expected_version=expected,
    )
    await note(session, office, frame.staff.who, kind, provider.id)


async def _as_mail(
    session: AsyncSession, office: Office, provider: Provider, document: dict[str, Any]
) -> dict[str, Any]:
    files = await list_attachments(session, provider.id, [one["id"] for one in document["attachments"]])
    return {
        "preview": await preview_greeting(session, office, provider, document),
        "files": [(file, spoken_size(file.size)) for file in files],
    }


async def _editor(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    sheet: Sheet,
    version: int,
    outcome: Outcome,
) -> Response:
    files = await list_attachments(session, provider.id, sheet.files)
    errors = messages(list(dict.fromkeys([*outcome.errors, *set_errors([(file.name, file.size) for file in files])])))
    context: dict[str, Any] = {"preview": None, "files": [(file, spoken_size(file.size)) for file in files]}
    try:
        document = await checked_greeting(session, office, provider, sheet.as_document())
        context |= await _as_mail(session, office, provider, document)
    except ValidationFailed:
        pass  # Nothing to look at yet; what is wrong is said when it is asked for.
    versions: list[SettingsVersion] = await versions_of(session, provider.id, SettingsKind.GREETING)
    refusal = outcome.refusal
    answer = frame.render(
        "console/greeting.html",
        status=status_of(refusal) if refusal else 422 if outcome.errors else 200,
        provider=provider,
        sheet=sheet,
        version=version,
        versions=versions,
        timezone=(await load_availability(session, provider.id)).timezone,
        conflict=versions[0] if outcome.conflict and versions else None,
        errors=errors,
        refusal=refusal.detail if refusal and not outcome.conflict and not outcome.errors else None,
        said=outcome.said,
        anchor=outcome.anchor,
        last=await last_test(session, provider.id, frame.staff.id),
        limits={
            "files": MOST_FILES,
            "file": spoken_size(LARGEST_FILE),
            "bytes": LARGEST_FILE,
            "sum": spoken_size(LARGEST_SUM),
            "accept": ",".join(f".{one}" for one in EXTENSIONS),
        },
        **context,
    )
    answer.headers.update(MAIL_IN_A_FRAME)
    return answer


def _home(provider: Provider) -> str:
    return f"/console/providers/{provider.slug}/greeting"


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound("There is no such version of the greeting.")
    return int(text)
