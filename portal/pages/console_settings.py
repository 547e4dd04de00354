"""All settings of a provider on one plain page; each section is a form of its own, saved with the version it showed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.settings import MAX_ATTACHMENTS, SettingsView, add_attachment, read_settings, save_settings
from db.models import GreetingAttachment, Provider
from db.settings_store import practice_standing
from db.tenancy import provider_by_slug
from domain.decisions import fee_refusal
from domain.errors import Conflict, DomainError, NotFound, RecordsUnavailable, ValidationFailed
from domain.merge_fields import MERGE_FIELDS
from domain.money import Money
from domain.policy import PortalPolicy
from domain.ports import RecordForm
from domain.states import SettingsKind
from portal.forms import Form, StaffForm, Upload
from portal.pages.frames import StaffFrame, TheStaffFrame
from portal.pages.queries import providers_of
from portal.rendering import errors_by_field
from portal.settings_forms import SECTIONS, document_from, fields_shown
from web.fields import opaque_id
from web.identity import SignedInStaff
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_settings_router = APIRouter(prefix="/console/settings", tags=["pages: console"])


async def own_provider(provider: str, session: Transaction, staff: SignedInStaff) -> Provider:
    return await provider_by_slug(session, opaque_id(provider), staff.practice_id)


OwnProvider = Annotated[Provider, Depends(own_provider)]


@console_settings_router.get("", summary="Choose a provider")
async def choose_provider(session: Transaction, frame: TheStaffFrame) -> Response:
    providers = await providers_of(session, frame.staff.practice_id)
    if len(providers) == 1:
        return RedirectResponse(f"/console/settings/{providers[0].slug}", 303)
    return frame.render("console/settings_choose.html", providers=providers)


@console_settings_router.get("/{provider}", summary="All settings of a provider")
async def settings_page(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    return await _page(session, office, frame, provider)


@console_settings_router.post("/{provider}/attachments", summary="Upload a file for the greeting (no PHI)")
async def upload(
    session: Transaction, office: TheOffice, upload: Upload, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    name, content = upload
    try:
        async with session.begin_nested():
            await add_attachment(session, office, provider, name=name, content=content, uploaded_by=frame.staff.name)
    except DomainError as refusal:
        return await _page(session, office, frame, provider, "attachments", None, refusal)
    return RedirectResponse(f"/console/settings/{provider.slug}?done=uploaded#greeting", 303)


@console_settings_router.post("/{provider}/{section}", summary="Save one section of the settings")
async def save_section(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider, section: str
) -> Response:
    kind = SECTIONS.get(section)
    if kind is None:
        raise NotFound("There is no such part of the settings.")
    try:
        async with session.begin_nested():
            document = document_from(section, form)
            await save_settings(
                session,
                office,
                provider,
                kind,
                document,
                saved_by=frame.staff.name,
                expected_version=_version(form),
            )
    except DomainError as refusal:
        return await _page(session, office, frame, provider, section, form, refusal)
    return RedirectResponse(f"/console/settings/{provider.slug}?saved={section}#{section}", 303)


def _version(form: Form) -> int:
    text = form.first("version")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Conflict("Please load the page again.")
    return int(text)


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    section: str | None = None,
    form: Form | None = None,
    refusal: DomainError | None = None,
) -> Response:
    """With a refusal: its section shows what was typed, and what is wrong with it."""
    views = {kind: await read_settings(session, provider, kind) for kind in SettingsKind}
    shown: dict[str, Any] = {one: fields_shown(one, views[kind].document) for one, kind in SECTIONS.items()}
    if section is not None and form is not None and not isinstance(refusal, Conflict):
        chosen = {f"attachment.{one}": "on" for one in form.values.get("attachment", [])}
        shown[section] = {**form.flat(), **chosen}
    return frame.render(
        "console/settings.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        shown=shown,
        versions={one: views[kind].version for one, kind in SECTIONS.items()},
        failed=section if refusal else None,
        saved=frame.request.query_params.get("saved"),
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        errors=errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        merge_fields=MERGE_FIELDS,
        most_attachments=MAX_ATTACHMENTS,
        link=f"{office.base_url}/p/{provider.slug}",
        **await _around(session, provider, views),
        forms=await _forms(office, provider, views),
    )


async def _around(session: AsyncSession, provider: Provider, views: dict[SettingsKind, SettingsView]) -> dict[str, Any]:
    """What the settings depend on: the practice's standing, the files that can be chosen."""
    standing = await practice_standing(session, provider)
    wish = PortalPolicy(require_fee=True, fee=Money(amount_minor=1, currency="usd"))
    files = await session.scalars(
        select(GreetingAttachment)
        .where(GreetingAttachment.provider_id == provider.id)
        .order_by(GreetingAttachment.created_at.desc())
        .limit(20)
    )
    fee_off = fee_refusal(wish, standing)
    return {
        "standing": standing,
        "fee_reason": fee_off.detail if fee_off else None,
        "fee_checked": views[SettingsKind.PORTAL_SETTINGS].document["require_fee"],
        "files": [(file.id, file.name) for file in files],
        "signup_fields": views[SettingsKind.SIGNUP_FORM].document["fields"],
        "greeting_written": bool(views[SettingsKind.GREETING].document["subject"]),
    }


async def _forms(
    office: Office, provider: Provider, views: dict[SettingsKind, SettingsView]
) -> list[RecordForm] | None:
    """What can be chosen: selectable ones, and the one that is chosen. None where the record system is away."""
    chosen = views[SettingsKind.PORTAL_SETTINGS].document["intake_form_id"]
    try:
        forms = await office.records.forms(provider.id)
    except RecordsUnavailable:
        return None
    return [form for form in forms if form.selectable or form.id == chosen]
