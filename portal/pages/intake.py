"""The intake form: filled in over several sittings if need be, submitted once, then there to read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from commands.intake import IntakeView, look_at_intake, save_intake
from db.tenancy import client_by_id
from domain.errors import Conflict, FieldError, ValidationFailed
from domain.questionnaire import Questionnaire, parse_questionnaire
from domain.questionnaire_forms import check_form, form_values
from domain.states import SubmissionStatus
from portal.answers import answers_shown, progress
from portal.forms import ClientForm, Form
from portal.pages.frames import ClientFrame, TheClientFrame
from portal.rendering import errors_by_field
from portal.wording import zone
from web.transactions import TheOffice, Transaction

intake_router = APIRouter(tags=["pages: client portal"])


@intake_router.get("/portal/intake", summary="The intake form")
async def read_intake(session: Transaction, office: TheOffice, frame: TheClientFrame) -> Response:
    return _page(frame, await look_at_intake(session, office, frame.client))


@intake_router.post("/portal/intake", summary="Save a draft of the intake form, or submit it")
async def write_intake(session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame) -> Response:
    client = await client_by_id(session, frame.client.id, for_update=True)
    view = await look_at_intake(session, office, client)
    if view.form is None or view.status is SubmissionStatus.SUBMITTED:
        return _page(frame, view, status=409)
    submit = form.first("action") == "submit"
    questionnaire = parse_questionnaire(view.form.questionnaire)
    response, errors = check_form(questionnaire, form.values, partial=not submit, zone=zone(frame.timezone))
    if errors:
        return _page(frame, view, form=form, errors=errors, status=422)
    try:
        async with session.begin_nested():
            await save_intake(session, office, client, response, submit=submit)
    except ValidationFailed as refusal:
        return _page(frame, view, form=form, errors=list(refusal.errors), status=422)
    except Conflict:
        return _page(frame, await look_at_intake(session, office, client), status=409)
    return frame.go("/portal", "intake") if submit else frame.go("/portal/intake", "draft")


def _page(
    frame: ClientFrame,
    view: IntakeView,
    *,
    form: Form | None = None,
    errors: list[FieldError] | None = None,
    status: int = 200,
) -> Response:
    if view.form is None:
        return frame.render("portal/intake_none.html", status=status)
    questionnaire = parse_questionnaire(view.form.questionnaire)
    if view.status is SubmissionStatus.SUBMITTED:
        submitted_at = view.submission.submitted_at if view.submission else None
        answers = answers_shown(questionnaire, view.response)
        context: dict[str, Any] = {"questionnaire": questionnaire, "answers": answers, "submitted_at": submitted_at}
        return frame.render("portal/intake_submitted.html", status=status, **context)
    values = form.values if form else form_values(questionnaire, view.response)
    return frame.render(
        "portal/intake.html",
        status=status,
        questionnaire=questionnaire,
        values=values,
        errors=errors_by_field(_in_order(questionnaire, errors or [])),
        progress=progress(questionnaire, values),
        saved_at=view.submission.updated_at if view.submission else None,
    )


def _in_order(questionnaire: Questionnaire, errors: list[FieldError]) -> list[FieldError]:
    """As the questions stand on the page."""
    order = {one.item.link_id: index for index, one in enumerate(questionnaire.flat)}
    return sorted(errors, key=lambda error: order.get(error.field, len(order)))
