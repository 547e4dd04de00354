"""The editor of a provider's page: words, picture, preview; its versions, and a way back to each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.office import Office
from commands.page import add_picture, page_in_force, picture_of
from commands.settings import read_settings, save_settings
from db.models import Provider, SettingsVersion
from db.settings_store import load_availability, versions_of
from domain.audit import AuditKind
from domain.errors import Conflict, DomainError, NotFound, ValidationFailed
from domain.page import LONGEST, LONGEST_ALT, Page, PagePicture, parse_page
from domain.roles import Permission
from domain.states import SettingsKind
from portal.forms import Form, FormWithPicture, StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.doors import ShownPicture, door_at, picture_answer, shown_picture
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.rendering import errors_by_field
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

_KIND = SettingsKind.PAGE
# Messages of the page's document by the input that they belong to.
_INPUTS = {"picture.alt": "alt", "picture": "file"}

console_page_router = APIRouter(
    prefix="/console/providers/{provider}/page",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The editor's inputs as they are typed."""

    texts: dict[str, str]
    picture: str = ""
    alt: str = ""

    def as_document(self) -> dict[str, Any]:
        picture = {"id": self.picture, "alt": self.alt} if self.picture else None
        return {**self.texts, "picture": picture}


def _sheet_of(page: Page) -> Sheet:
    document = page.as_document()
    picture = document.pop("picture") or {"id": "", "alt": ""}
    return Sheet(texts=document, picture=picture["id"], alt=picture["alt"])


def _sheet_of_posted(form: Form) -> Sheet:
    texts = {name: form.first(name).replace("\r\n", "\n") for name in LONGEST}
    return Sheet(texts=texts, picture=form.text("picture"), alt=form.text("alt"))


@console_page_router.get("", summary="The editor of a provider's page")
async def edit_page(session: Transaction, frame: TheStaffFrame, provider: OwnProvider) -> Response:
    version = (await read_settings(session, provider, _KIND)).version
    return await _editor(session, frame, provider, _sheet_of(await page_in_force(session, provider)), version)


@console_page_router.post("", summary="Preview the page that is being edited, or save a version of it")
async def write_page(
    session: Transaction, office: TheOffice, posted: FormWithPicture, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    form, content = posted
    sheet, version, action = _sheet_of_posted(form), _version(form.first("version")), form.first("action")
    if action == "remove-picture":
        return await _editor(session, frame, provider, replace(sheet, picture="", alt=""), version)
    try:
        if content is not None:
            sheet = replace(sheet, picture=await _keep(session, office, frame, provider, content))
        if action == "save":
            await _save(session, office, frame, provider, sheet.as_document(), version)
            return go(f"/console/providers/{provider.slug}/page", "page-saved")
        parse_page(sheet.as_document())
    except DomainError as refusal:
        latest = refusal.data.get("version")
        version = latest if isinstance(latest, int) else version
        return await _editor(session, frame, provider, sheet, version, refusal)
    return await _editor(session, frame, provider, sheet, version, preview=True)


async def _keep(session: AsyncSession, office: Office, frame: StaffFrame, provider: Provider, content: bytes) -> str:
    """The id under which the picture is kept, so that nobody has to choose the file twice."""
    async with session.begin_nested():
        picture = await add_picture(session, office, provider, content, uploaded_by=frame.staff.name)
    return picture.id


@console_page_router.get("/pictures/{picture_id}", summary="A picture of the page that is being edited")
async def edited_picture(session: Transaction, provider: OwnProvider, picture_id: str) -> Response:
    return picture_answer(await picture_of(session, provider, opaque_id(picture_id)), "private, max-age=86400")


@console_page_router.get("/versions/{version}", summary="One version of the page, as clients saw it")
async def page_version(session: Transaction, frame: TheStaffFrame, provider: OwnProvider, version: str) -> Response:
    row, versions = await _version_row(session, provider, version)
    return frame.render(
        "console/page_version.html",
        provider=provider,
        row=row,
        latest=versions[0].version,
        timezone=(await load_availability(session, provider.id)).timezone,
        **await _shown(session, provider, parse_page(row.document)),
    )


@console_page_router.post("/versions/{version}/restore", summary="Put an earlier version of the page in force again")
async def restore_page(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider, version: str
) -> Response:
    """As a new version: what was saved in between stays in the list."""
    row, versions = await _version_row(session, provider, version)
    earlier = parse_page(row.document)
    try:
        await _save(session, office, frame, provider, earlier.as_document(), _version(form.first("version")))
    except Conflict as refusal:
        current = _sheet_of(await page_in_force(session, provider))
        return await _editor(session, frame, provider, current, versions[0].version, refusal)
    return go(f"/console/providers/{provider.slug}/page", "page-restored")


async def _version_row(
    session: AsyncSession, provider: Provider, version: str
) -> tuple[SettingsVersion, list[SettingsVersion]]:
    versions = await versions_of(session, provider.id, _KIND)
    row = next((one for one in versions if one.version == _version(version)), None)
    if row is None:
        raise NotFound("There is no such version of the page.")
    return row, versions


async def _save(
    session: AsyncSession, office: Office, frame: StaffFrame, provider: Provider, document: dict[str, Any], seen: int
) -> None:
    async with session.begin_nested():
        # What isn't in order is told before anybody is told to look at another's version.
        parse_page(document)
        await save_settings(
            session, office, provider, _KIND, document, saved_by=frame.staff.name, expected_version=seen
        )
        await note(session, office, frame.staff.who, AuditKind.SETTINGS_SAVED, provider.id)


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound("There is no such version of the page.")
    return int(text)


async def _shown(session: AsyncSession, provider: Provider, page: Page) -> dict[str, Any]:
    """What the page's own template needs, with nothing that leads away from the editor."""
    door = replace(await door_at(session, provider.slug), page=page)
    return {"door": door, "picture": await _picture(session, provider, page), "preview": True}


async def _picture(session: AsyncSession, provider: Provider, page: Page) -> ShownPicture | None:
    """Also one that isn't in force (yet, or any more)."""
    home = f"/console/providers/{provider.slug}/page/pictures"
    return await shown_picture(session, provider, page, f"{home}/{page.picture.id}" if page.picture else None)


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
    versions = await versions_of(session, provider.id, _KIND)
    errors: dict[str, str] = {}
    if isinstance(refusal, ValidationFailed):
        errors = {_INPUTS.get(name, name): message for name, message in errors_by_field(refusal.errors).items()}
    try:
        shown = await _shown(session, provider, parse_page(sheet.as_document()))
    except ValidationFailed:
        shown = {"door": None, "picture": None, "preview": True}
    chosen = PagePicture(id=opaque_id(sheet.picture), alt=sheet.alt) if sheet.picture else None
    return frame.render(
        "console/page_editor.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        sheet=sheet,
        thumbnail=await _picture(session, provider, Page(name=provider.name, picture=chosen)),
        longest=LONGEST | {"alt": LONGEST_ALT},
        version=version,
        versions=versions,
        timezone=(await load_availability(session, provider.id)).timezone,
        conflict=versions[0] if isinstance(refusal, Conflict) and versions else None,
        editor_errors=errors,
        refused=refusal.detail if refusal and not isinstance(refusal, ValidationFailed | Conflict) else None,
        preview_open=preview,
        errors={},
        **shown,
    )
