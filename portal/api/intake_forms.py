"""A provider's intake forms: FHIR R4 Questionnaires in and out."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from commands.audit import note
from commands.forms import LARGEST_FORM, exported, form_of, forms_of, import_form, mark_selectable
from db.models import IntakeForm
from domain.audit import AuditKind
from domain.errors import ValidationFailed
from portal.api.provider_settings import OwnProvider
from portal.shapes import FHIR_JSON, Json, form_shape, listed, warnings_shape
from web.bodies import json_object, parse_object, raw_body
from web.fields import only, opaque_id
from web.identity import ApiPractice
from web.transactions import TheOffice, Transaction

intake_forms_router = APIRouter(prefix="/providers/{provider}/intake-forms", tags=["intake forms"])


async def own_form(form_id: str, session: Transaction, provider: OwnProvider) -> IntakeForm:
    return await form_of(session, provider, opaque_id(form_id))


OwnForm = Annotated[IntakeForm, Depends(own_form)]


@intake_forms_router.get("", summary="The provider's intake forms, each version of each (FHIR R4 Questionnaires)")
async def list_forms(session: Transaction, provider: OwnProvider) -> Json:
    return listed([form_shape(form) for form in await forms_of(session, provider)])


@intake_forms_router.post("", status_code=201, summary="Import a FHIR R4 Questionnaire")
async def import_questionnaire(
    request: Request, session: Transaction, office: TheOffice, staff: ApiPractice, provider: OwnProvider
) -> Json:
    """422 names each item with what isn't supported; `warnings` name what is kept and has no effect here."""
    body = await raw_body(request, LARGEST_FORM)
    document = parse_object(body)
    source = body.decode(json.detect_encoding(body))
    imported = await import_form(session, office, provider, document, source=source)
    await note(session, office, staff.who, AuditKind.FORMS_CHANGED, imported.form.id)
    return {**form_shape(imported.form), "warnings": warnings_shape(imported.warnings)}


@intake_forms_router.get("/{form_id}", summary="Export one version: the Questionnaire as it was imported")
async def export_questionnaire(staff: ApiPractice, form: OwnForm) -> Response:
    return Response(exported(form), media_type=FHIR_JSON)


@intake_forms_router.put("/{form_id}/selectable", summary="Whether this version can be chosen in the portal settings")
async def put_selectable(
    request: Request,
    session: Transaction,
    office: TheOffice,
    staff: ApiPractice,
    provider: OwnProvider,
    form: OwnForm,
) -> Json:
    body = await json_object(request)
    only(body, ("selectable",))
    selectable = body.get("selectable")
    if not isinstance(selectable, bool):
        raise ValidationFailed.of("selectable", "must be true or false")
    marked = form_shape(await mark_selectable(session, provider, form, selectable=selectable))
    await note(session, office, staff.who, AuditKind.FORMS_CHANGED, form.id)
    return marked
