"""The built-in record system's pages: the provider's forms, imported, exported, marked as selectable, chosen."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import note
from commands.forms import (
    choose_form,
    chosen_form_id,
    exported,
    form_of,
    forms_of,
    import_form,
    mark_selectable,
)
from db.models import IntakeForm, Provider
from domain.audit import AuditKind
from domain.errors import DomainError, FieldError, ValidationFailed
from domain.form_rows import rows_of
from domain.questionnaire import Questionnaire, parse_questionnaire
from domain.roles import Permission
from portal.answers import condition_note, limit_note
from portal.forms import FormFile, StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from portal.pages.queries import providers_of
from portal.shapes import FHIR_JSON
from web.bodies import parse_object
from web.fields import opaque_id
from web.identity import permitted
from web.problems import status_of
from web.transactions import TheOffice, Transaction

console_forms_router = APIRouter(
    prefix="/console/forms", tags=["pages: console"], dependencies=[permitted(Permission.CHANGE_PROVIDER)]
)


async def own_form(form_id: str, session: Transaction, provider: OwnProvider) -> IntakeForm:
    return await form_of(session, provider, opaque_id(form_id))


OwnForm = Annotated[IntakeForm, Depends(own_form)]


@console_forms_router.get("", summary="Choose whose forms")
async def choose_provider(session: Transaction, frame: TheStaffFrame) -> Response:
    providers = await providers_of(session, frame.staff.reach)
    if len(providers) == 1:
        return RedirectResponse(f"/console/forms/{providers[0].slug}", 303)
    return frame.render("console/settings_choose.html", providers=providers, title="Forms", place="forms")


@console_forms_router.get("/{provider}", summary="The forms in the provider's record system")
async def forms_page(session: Transaction, frame: TheStaffFrame, provider: OwnProvider) -> Response:
    return await _list(session, frame, provider)


@console_forms_router.post("/{provider}/import", summary="Import a FHIR R4 Questionnaire from a file")
async def import_file(
    session: Transaction, office: TheOffice, content: FormFile, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    try:
        async with session.begin_nested():
            source = content.decode(json.detect_encoding(content), errors="replace")
            imported = await import_form(session, office, provider, parse_object(content), source=source)
            await note(session, office, frame.staff.who, AuditKind.FORMS_CHANGED, imported.form.id)
    except DomainError as refusal:
        return await _list(session, frame, provider, refusal)
    return go(f"/console/forms/{provider.slug}/{imported.form.id}", "form-imported")


@console_forms_router.get("/{provider}/{form_id}", summary="One version of a form")
async def form_page(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider, form: OwnForm
) -> Response:
    return await _page(session, frame, provider, form)


@console_forms_router.get("/{provider}/{form_id}/questionnaire.json", summary="Export one version as it was imported")
async def export(frame: TheStaffFrame, form: OwnForm) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="questionnaire-{form.id}.json"'}
    return Response(exported(form), media_type=FHIR_JSON, headers=headers)


@console_forms_router.post("/{provider}/{form_id}/selectable", summary="Mark as selectable, or not")
async def selectable(
    session: Transaction,
    office: TheOffice,
    form: StaffForm,
    frame: TheStaffFrame,
    provider: OwnProvider,
    shown: OwnForm,
) -> Response:
    try:
        await mark_selectable(session, provider, shown, selectable=form.first("selectable") == "yes")
    except DomainError as refusal:
        return await _page(session, frame, provider, shown, refusal)
    await note(session, office, frame.staff.who, AuditKind.FORMS_CHANGED, shown.id)
    return go(f"/console/forms/{provider.slug}/{shown.id}", "form-marked")


@console_forms_router.post("/{provider}/{form_id}/choose", summary="Use this version for new clients")
async def choose(
    session: Transaction,
    office: TheOffice,
    form: StaffForm,
    frame: TheStaffFrame,
    provider: OwnProvider,
    shown: OwnForm,
) -> Response:
    await choose_form(session, office, provider, shown, saved_by=frame.staff.name)
    await note(session, office, frame.staff.who, AuditKind.FORMS_CHANGED, shown.id)
    return go(f"/console/forms/{provider.slug}/{shown.id}", "form-chosen")


async def _list(
    session: AsyncSession, frame: StaffFrame, provider: Provider, refusal: DomainError | None = None
) -> Response:
    families: dict[str, list[IntakeForm]] = {}
    for form in await forms_of(session, provider):
        families.setdefault(form.form_key, []).insert(0, form)
    return frame.render(
        "console/forms.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        families=list(families.values()),
        chosen=await chosen_form_id(session, provider),
        refusal=refusal.detail if refusal and not isinstance(refusal, ValidationFailed) else None,
        refused=list(refusal.errors) if isinstance(refusal, ValidationFailed) else [],
    )


async def _page(
    session: AsyncSession,
    frame: StaffFrame,
    provider: Provider,
    form: IntakeForm,
    refusal: DomainError | None = None,
) -> Response:
    questionnaire = parse_questionnaire(form.questionnaire)
    versions = [one for one in await forms_of(session, provider) if one.form_key == form.form_key]
    return frame.render(
        "console/form.html",
        status=status_of(refusal) if refusal else 200,
        provider=provider,
        form=form,
        versions=versions[::-1],
        newest=versions[-1].id == form.id,
        chosen=await chosen_form_id(session, provider),
        refusal=refusal.detail if refusal else None,
        outline=_outline(questionnaire),
        warnings=questionnaire.warnings,
        not_editable=_not_editable(questionnaire),
    )


def _outline(questionnaire: Questionnaire) -> list[dict[str, Any]]:
    return [
        {
            "item": one.item,
            "depth": min(one.depth, 4),
            "notes": [note for note in (condition_note(questionnaire, one.item), limit_note(one.item)) if note],
        }
        for one in questionnaire.flat
    ]


def _not_editable(questionnaire: Questionnaire) -> list[FieldError]:
    try:
        rows_of(questionnaire)
    except ValidationFailed as refusal:
        return list(refusal.errors)
    return []
