"""The intake form: filled in over several sittings if need be, reviewed, signed, submitted once, then there to read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.intake import GivenSignature, IntakeView, look_at_intake, save_intake
from commands.office import Office
from db.models import Client
from db.tenancy import client_by_id
from domain.errors import Conflict, FieldError, ValidationFailed
from domain.intake_signature import consent_hash
from domain.questionnaire import Questionnaire, parse_questionnaire
from domain.questionnaire_forms import draft_from_form, form_values
from domain.questionnaire_submission import without_blanks
from domain.questionnaire_validation import UNANSWERED, asked_items, check_response, read_response
from domain.states import SubmissionStatus
from portal.answers import answers_shown, labels, progress
from portal.forms import ClientForm, Form
from portal.pages.frames import ClientFrame, TheClientFrame
from portal.paths import identifier
from portal.rendering import errors_by_field
from portal.repeating import instances_shown, press
from portal.wording import zone
from web.transactions import TheOffice, Transaction

intake_router = APIRouter(tags=["pages: client portal"])


@intake_router.get("/portal/intake", summary="The intake form")
async def read_intake(session: Transaction, office: TheOffice, frame: TheClientFrame) -> Response:
    return _page(frame, await look_at_intake(session, office, frame.client))


@intake_router.post("/portal/intake", summary="Save a draft of the intake form, or go on to the review")
async def write_intake(
    request: Request, session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame
) -> Response:
    """`action` is draft, review, autosave (answered in JSON), `more:<linkId>` (another answer to a question)
    or a button of a group that repeats (see portal.repeating).

    What is right is kept in any case; what isn't is told at its question.
    """
    client = await client_by_id(session, frame.client.id, for_update=True)
    view = await look_at_intake(session, office, client)
    action = form.first("action")
    if not _writable(view, form):
        answer = _page(frame, view, status=409)
        return (
            _told("This form has been submitted or replaced meanwhile. Please load the page again.")
            if (action == "autosave")
            else answer
        )
    assert view.form is not None
    questionnaire = parse_questionnaire(view.form.questionnaire)
    pressed = press(questionnaire, form, zone(frame.timezone))
    form = pressed.form
    draft, errors = draft_from_form(questionnaire, form.values, zone(frame.timezone))
    try:
        async with session.begin_nested():
            view = await save_intake(session, office, client, draft, submit=False, seen_revision=_revision(form))
    except Conflict as refusal:
        if action == "autosave":
            return _told(refusal.detail)
        return _page(frame, view, form=form, response=draft, refusal=refusal.detail, status=409)
    if action == "autosave":
        return _saved(questionnaire, view, errors)
    if pressed.asking is not None:
        return _page(frame, view, form=form, response=draft, asking=pressed.asking)
    if action == "review":
        errors = [*errors, *check_response(questionnaire, draft)]
    if errors:
        return _page(frame, view, form=form, response=draft, errors=errors, status=422)
    if action == "review":
        return frame.go("/portal/intake/review")
    if pressed.place is not None:
        return frame.go(f"/portal/intake#{pressed.place}", pressed.done)
    more = action.removeprefix("more:") if action.startswith("more:") else None
    if more is not None and more in instances_shown(questionnaire, form).by_link_id:
        return frame.go(f"/portal/intake#{identifier(more)}")
    return frame.go("/portal/intake", "draft")


@intake_router.get("/portal/intake/review", summary="The answers once more, before they are signed and submitted")
async def review_intake(session: Transaction, office: TheOffice, frame: TheClientFrame) -> Response:
    return _review(frame, await look_at_intake(session, office, frame.client))


@intake_router.post("/portal/intake/review", summary="Sign the intake form and submit it")
async def submit_intake(session: Transaction, office: TheOffice, form: ClientForm, frame: TheClientFrame) -> Response:
    client = await client_by_id(session, frame.client.id, for_update=True)
    view = await look_at_intake(session, office, client)
    if not _writable(view, form) or view.response is None:
        return _review(frame, view, status=409)
    signature = GivenSignature(name=form.first("signature"), consent_sha256=form.first("consent"))
    refusal: Conflict | ValidationFailed
    try:
        await _submit(session, office, client, view, signature, _revision(form))
    except (Conflict, ValidationFailed) as refused:
        refusal = refused
    else:
        return frame.go("/portal", "intake")
    if isinstance(refusal, Conflict):
        return _review(frame, view, name=form.first("signature"), refusal=refusal.detail, status=409)
    return _review(frame, view, name=form.first("signature"), errors=list(refusal.errors), status=422)


async def _submit(
    session: AsyncSession,
    office: Office,
    client: Client,
    view: IntakeView,
    signature: GivenSignature,
    seen_revision: int | None,
) -> None:
    assert view.response is not None
    async with session.begin_nested():
        await save_intake(
            session, office, client, view.response, submit=True, signature=signature, seen_revision=seen_revision
        )


def _writable(view: IntakeView, form: Form) -> bool:
    """Whether the form that was posted is the one to fill in, and hasn't been submitted."""
    return (
        view.form is not None
        and view.status is not SubmissionStatus.SUBMITTED
        and form.first("form") in ("", view.form.id)
    )


def _revision(form: Form) -> int | None:
    text = form.first("revision")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _saved(questionnaire: Questionnaire, view: IntakeView, errors: list[FieldError]) -> Response:
    """For the script that saves while somebody writes."""
    assert view.response is not None
    far = progress(questionnaire, view.response)
    reading = read_response(questionnaire, view.response)
    asked = asked_items(reading.questionnaire, reading.values)
    return JSONResponse(
        {
            "revision": view.revision,
            "answered": far.answered,
            "total": far.total,
            "errors": {identifier(name): message for name, message in errors_by_field(errors).items()},
            "not_asked": [identifier(link_id) for link_id, whether in asked.items() if not whether],
        }
    )


def _told(detail: str) -> Response:
    return JSONResponse({"detail": detail}, 409)


def _page(
    frame: ClientFrame,
    view: IntakeView,
    *,
    form: Form | None = None,
    response: dict[str, Any] | None = None,
    errors: list[FieldError] | None = None,
    refusal: str | None = None,
    asking: str | None = None,
    status: int = 200,
) -> Response:
    """`form` is shown again as it was typed; `response` is what could be read of it.

    `asking` is the instance of a repeating group that is removed once that is confirmed.
    """
    if view.form is None:
        return frame.render("portal/intake_none.html", status=status)
    questionnaire = parse_questionnaire(view.form.questionnaire)
    if view.status is SubmissionStatus.SUBMITTED:
        return _submitted(frame, view, questionnaire, status)
    current = response or view.response or {"resourceType": "QuestionnaireResponse"}
    form = form or Form(form_values(questionnaire, view.response, zone(frame.timezone)))
    shown = instances_shown(questionnaire, form)
    return frame.render(
        "portal/intake.html",
        status=status,
        questionnaire=shown,
        labels=labels(shown),
        form_id=view.form.id,
        revision=view.revision,
        values=form.values,
        errors=errors_by_field(_in_order(shown, errors or [])),
        refusal=refusal,
        asking=asking,
        progress=progress(questionnaire, current),
        saved_at=view.submission.updated_at if view.submission else None,
    )


def _submitted(frame: ClientFrame, view: IntakeView, questionnaire: Questionnaire, status: int) -> Response:
    return frame.render(
        "portal/intake_submitted.html",
        status=status,
        questionnaire=questionnaire,
        answers=answers_shown(questionnaire, view.response, zone(frame.timezone)),
        signature=view.signature,
        submitted_at=view.submission.submitted_at if view.submission else None,
    )


def _review(
    frame: ClientFrame,
    view: IntakeView,
    *,
    name: str = "",
    errors: list[FieldError] | None = None,
    refusal: str | None = None,
    status: int = 200,
) -> Response:
    if view.form is None or view.response is None or view.status is SubmissionStatus.SUBMITTED:
        return _page(frame, view, status=status)
    questionnaire = parse_questionnaire(view.form.questionnaire)
    drafted = read_response(questionnaire, view.response).questionnaire
    open_questions = _in_order(drafted, check_response(questionnaire, view.response))
    to_submit = without_blanks(questionnaire, view.response)
    return frame.render(
        "portal/intake_review.html",
        status=status,
        questionnaire=questionnaire,
        form_id=view.form.id,
        revision=view.revision,
        answers=answers_shown(questionnaire, to_submit, zone(frame.timezone)),
        open_questions=[(one, labels(drafted)[one.field]) for one in open_questions],
        unanswered=UNANSWERED,
        consent=view.consent,
        consent_sha256=consent_hash(view.consent),
        name=name,
        errors=errors_by_field(errors or []),
        refusal=refusal,
    )


def _in_order(questionnaire: Questionnaire, errors: list[FieldError]) -> list[FieldError]:
    """As the questions stand on the page."""
    order = {one.item.link_id: index for index, one in enumerate(questionnaire.flat)}
    return sorted(errors, key=lambda error: order.get(error.field, len(order)))
