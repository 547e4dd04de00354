"""The simple editor for the provider's own forms: plain pages, one button a step; each Save is a new version."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from commands.audit import note
from commands.forms import form_of, save_own_form
from db.models import IntakeForm, Provider
from domain.audit import AuditKind
from domain.errors import DomainError, ValidationFailed
from domain.form_rows import Row, document_of, rows_of
from domain.questionnaire import parse_questionnaire
from domain.questionnaire_items import ItemType
from domain.roles import Permission
from domain.states import FormOrigin
from portal.form_editor import Sheet, changed, sheet_of
from portal.forms import StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.rendering import errors_by_field
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_form_editor_router = APIRouter(
    prefix="/console/forms/{provider}", tags=["pages: console"], dependencies=[permitted(Permission.CHANGE_PROVIDER)]
)


@console_form_editor_router.get("/new", summary="Write a form")
async def new_form(frame: TheStaffFrame, provider: OwnProvider) -> Response:
    return _page(frame, provider, None, Sheet(title="", rows=[Row(link_id="q1", kind=ItemType.STRING)]))


@console_form_editor_router.post("/new", summary="Change the form that is being written, or save it")
async def write_new_form(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    return await _write(session, office, form, frame, provider, None)


@console_form_editor_router.get("/{form_id}/edit", summary="Edit a form made here, or a copy of an imported one")
async def edit_form(session: Transaction, frame: TheStaffFrame, provider: OwnProvider, form_id: str) -> Response:
    base = await form_of(session, provider, opaque_id(form_id))
    questionnaire = parse_questionnaire(base.questionnaire)
    try:
        rows = rows_of(questionnaire)
    except ValidationFailed:
        return go(f"/console/forms/{provider.slug}/{base.id}")
    return _page(frame, provider, base, Sheet(title=questionnaire.title, rows=rows))


@console_form_editor_router.post("/{form_id}/edit", summary="Change the form that is being edited, or save a version")
async def write_form(
    session: Transaction,
    office: TheOffice,
    form: StaffForm,
    frame: TheStaffFrame,
    provider: OwnProvider,
    form_id: str,
) -> Response:
    base = await form_of(session, provider, opaque_id(form_id))
    return await _write(session, office, form, frame, provider, base)


async def _write(
    session: Transaction,
    office: TheOffice,
    form: StaffForm,
    frame: StaffFrame,
    provider: Provider,
    base: IntakeForm | None,
) -> Response:
    sheet = sheet_of(form)
    if form.first("action") != "save":
        return _page(frame, provider, base, changed(sheet, form.first("action")))
    try:
        if not sheet.title:
            raise ValidationFailed.of("title", "Please give the form a title.")
        copied = base is not None and base.origin != FormOrigin.OWN
        document = document_of(sheet.title, sheet.rows, base.questionnaire if base else None, copy=copied)
        async with session.begin_nested():
            saved = await save_own_form(session, office, provider, document, base)
            await note(session, office, frame.staff.who, AuditKind.FORMS_CHANGED, saved.id)
    except DomainError as refusal:
        return _page(frame, provider, base, sheet, refusal)
    return go(f"/console/forms/{provider.slug}/{saved.id}", "form-saved")


def _page(
    frame: StaffFrame, provider: Provider, base: IntakeForm | None, sheet: Sheet, refusal: DomainError | None = None
) -> Response:
    errors = errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {}
    here = f"/console/forms/{provider.slug}"
    return frame.render(
        "console/form_editor.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        base=base,
        copied=base is not None and base.origin != FormOrigin.OWN,
        action=f"{here}/{base.id}/edit" if base else f"{here}/new",
        sheet=sheet,
        questions=[row for row in sheet.rows if row.kind not in (ItemType.GROUP, ItemType.DISPLAY)],
        errors=errors,
        labels={row.link_id: row.text or "A question without a text" for row in sheet.rows} | {"title": "Title"},
        refusal=refusal.detail if refusal and not errors else None,
    )
