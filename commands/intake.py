"""Intake: the form assigned to a client, the draft, the submission; answers are sealed before they are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.models import Client, DataKey, IntakeForm, IntakeSubmission
from db.settings_store import load_policy
from db.timeline import tell
from domain.errors import Conflict, NotFound, ValidationFailed
from domain.questionnaire import parse_questionnaire
from domain.questionnaire_validation import check_response
from domain.stages import Actor, Track
from domain.states import SubmissionStatus, TimelineKind


@dataclass(frozen=True, kw_only=True)
class IntakeView:
    """`form` is None where this client has nothing to fill in; `response` is the draft, or what was submitted."""

    form: IntakeForm | None
    status: SubmissionStatus
    response: dict[str, Any] | None
    submission: IntakeSubmission | None = None


async def look_at_intake(session: AsyncSession, office: Office, client: Client) -> IntakeView:
    form = await _form_for(session, client)
    if form is None:
        return IntakeView(form=None, status=SubmissionStatus.NONE, response=None)
    submission = await session.scalar(
        select(IntakeSubmission).where(IntakeSubmission.client_id == client.id, IntakeSubmission.form_id == form.id)
    )
    if submission is None:
        return IntakeView(form=form, status=SubmissionStatus.NONE, response=None)
    return IntakeView(
        form=form,
        status=SubmissionStatus(submission.status),
        response=await _unseal(session, office, submission),
        submission=submission,
    )


async def save_intake(
    session: AsyncSession, office: Office, client: Client, response: Mapping[str, Any], *, submit: bool
) -> IntakeView:
    """Keep a draft, or submit. Raises NotFound (no form), Conflict (submitted already), ValidationFailed per question.

    `client` is locked by the caller.
    """
    view = await look_at_intake(session, office, client)
    if view.form is None:
        raise NotFound("There is no form to fill in.")
    if view.status is SubmissionStatus.SUBMITTED:
        raise Conflict("You have submitted this form already. Please tell the practice what should be changed.")
    errors = check_response(parse_questionnaire(view.form.questionnaire), response, partial=not submit)
    if errors:
        raise ValidationFailed(errors)
    now = await office.clock.now(session)
    submission = view.submission
    if submission is None:
        submission = IntakeSubmission(
            id=new_id("int"),
            client_id=client.id,
            form_id=view.form.id,
            status=str(SubmissionStatus.DRAFT),
            sealed_response=b"",
            updated_at=now,
        )
        session.add(submission)
    submission.sealed_response = await _seal(session, office, submission, response)
    submission.updated_at = now
    if submit:
        submission.status = str(SubmissionStatus.SUBMITTED)
        submission.submitted_at = now
        kind = TimelineKind.INTAKE_SUBMITTED
        await tell(session, client.id, kind, at=now, actor=Actor.CLIENT, ref=submission.id)
        await record_event(
            session,
            source="portal",
            tenant=client.provider_id,
            external_id=f"intake:{submission.id}",
            kind=EventKind.INTAKE_SUBMITTED,
            subject=client_subject(client.id),
            payload={"submission_id": submission.id},
        )
    await session.flush()
    return IntakeView(
        form=view.form, status=SubmissionStatus(submission.status), response=dict(response), submission=submission
    )


async def _form_for(session: AsyncSession, client: Client) -> IntakeForm | None:
    """The form assigned by the journey; until it has got there, the one that the provider has chosen."""
    form_id = client.intake_form_id
    if form_id is None and client.track == Track.ANONYMOUS:
        form_id = (await load_policy(session, client.provider_id)).policy.intake_form_id
    return await session.get(IntakeForm, form_id) if form_id else None


async def _data_key(session: AsyncSession, office: Office, client_id: str) -> bytes:
    key = await session.get(DataKey, client_id)
    if key is None:
        key = DataKey(client_id=client_id, wrapped_key=office.vault.new_data_key())
        session.add(key)
        await session.flush()
    return key.wrapped_key


async def _seal(
    session: AsyncSession, office: Office, submission: IntakeSubmission, response: Mapping[str, Any]
) -> bytes:
    key = await _data_key(session, office, submission.client_id)
    return office.vault.seal(key, json.dumps(response, ensure_ascii=False).encode(), submission.id)


async def _unseal(session: AsyncSession, office: Office, submission: IntakeSubmission) -> dict[str, Any]:
    key = await _data_key(session, office, submission.client_id)
    answers: dict[str, Any] = json.loads(office.vault.open(key, submission.sealed_response, submission.id))
    return answers
