"""Intake: the form assigned to a client, the draft, the submission; answers are sealed before they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.models import Client, IntakeForm, IntakeSubmission
from db.policy_store import load_policy
from db.sealing import seal, unseal
from db.tenancy import practice_of
from db.timeline import tell
from domain.errors import Conflict, NotFound, ValidationFailed
from domain.intake_signature import Signature, consent_text, read_signature, sign, signature_context
from domain.questionnaire import Questionnaire, parse_questionnaire
from domain.questionnaire_submission import without_blanks
from domain.questionnaire_validation import check_response
from domain.stages import Actor, Track
from domain.states import SubmissionStatus, TimelineKind


@dataclass(frozen=True, kw_only=True)
class IntakeStanding:
    """`form` is None where this client has nothing to fill in."""

    form: IntakeForm | None
    status: SubmissionStatus
    submission: IntakeSubmission | None = None


@dataclass(frozen=True, kw_only=True)
class IntakeView(IntakeStanding):
    """`response` is the draft, or what was submitted; `revision` counts its saves, 0 before the first."""

    response: dict[str, Any] | None
    consent: str = ""
    signature: Signature | None = None

    @property
    def revision(self) -> int:
        return self.submission.revision if self.submission else 0


@dataclass(frozen=True, kw_only=True)
class GivenSignature:
    """What was typed, and the hash of the words that were shown beside it."""

    name: object
    consent_sha256: object


async def intake_standing(session: AsyncSession, client: Client) -> IntakeStanding:
    """Where the client stands with the form, without opening what they wrote."""
    form = await _form_for(session, client)
    if form is None:
        return IntakeStanding(form=None, status=SubmissionStatus.NONE)
    submission = await session.scalar(
        select(IntakeSubmission).where(IntakeSubmission.client_id == client.id, IntakeSubmission.form_id == form.id)
    )
    status = SubmissionStatus(submission.status) if submission else SubmissionStatus.NONE
    return IntakeStanding(form=form, status=status, submission=submission)


async def look_at_intake(session: AsyncSession, office: Office, client: Client) -> IntakeView:
    standing = await intake_standing(session, client)
    if standing.form is None:
        return IntakeView(form=None, status=standing.status, response=None)
    return await _opened(session, office, client, standing.form, standing.submission)


async def _opened(
    session: AsyncSession, office: Office, client: Client, form: IntakeForm, submission: IntakeSubmission | None
) -> IntakeView:
    response, signature = None, None
    if submission is not None:
        vault = office.vault
        response = await unseal(session, vault, client.id, submission.sealed_response, submission.id)
        if submission.sealed_signature is not None:
            sealed = submission.sealed_signature
            signature = read_signature(
                await unseal(session, vault, client.id, sealed, signature_context(submission.id))
            )
    return IntakeView(
        form=form,
        status=SubmissionStatus(submission.status) if submission else SubmissionStatus.NONE,
        submission=submission,
        response=response,
        consent=await _consent(session, client, form),
        signature=signature,
    )


async def all_intake_views(session: AsyncSession, office: Office, client: Client) -> list[IntakeView]:
    """Every form that the client ever began, the earliest first; `look_at_intake` knows the present one only."""
    query = select(IntakeSubmission).where(IntakeSubmission.client_id == client.id)
    return [
        await _opened(session, office, client, await session.get_one(IntakeForm, one.form_id), one)
        for one in await session.scalars(query.order_by(IntakeSubmission.updated_at))
    ]


async def save_intake(
    session: AsyncSession,
    office: Office,
    client: Client,
    response: Mapping[str, Any],
    *,
    submit: bool,
    signature: GivenSignature | None = None,
    seen_revision: int | None = None,
) -> IntakeView:
    """Keep a draft, or submit. Raises NotFound (no form), ValidationFailed per question, and Conflict: submitted
    already, or saved elsewhere since the revision that was seen.

    `client` is locked by the caller.
    """
    view = await look_at_intake(session, office, client)
    form = view.form
    if form is None:
        raise NotFound("There is no form to fill in.")
    if view.status is SubmissionStatus.SUBMITTED:
        raise Conflict("You have submitted this form already. Please tell the practice what should be changed.")
    if seen_revision is not None and seen_revision != view.revision:
        raise Conflict(
            "This form was changed in another window or on another device. Please load it again.",
            revision=view.revision,
        )
    questionnaire = parse_questionnaire(form.questionnaire)
    _check(questionnaire, response, submit=submit)
    kept = without_blanks(questionnaire, response) if submit else dict(response)
    now = await office.clock.now(session)
    signed = sign(signature.name, signature.consent_sha256, view.consent, now) if submit and signature else None
    submission = view.submission
    if submission is None:
        submission = IntakeSubmission(
            id=new_id("int"),
            client_id=client.id,
            form_id=form.id,
            status=str(SubmissionStatus.DRAFT),
            revision=0,
            sealed_response=b"",
            updated_at=now,
        )
        session.add(submission)
    submission.sealed_response = await seal(session, office.vault, client.id, kept, submission.id)
    submission.revision += 1
    submission.updated_at = now
    submission.status = str(SubmissionStatus.SUBMITTED if submit else SubmissionStatus.DRAFT)
    if signed is not None:
        content = signed.as_document()
        submission.sealed_signature = await seal(
            session, office.vault, client.id, content, signature_context(submission.id)
        )
        submission.consent_sha256 = signed.consent_sha256
    if submit:
        submission.submitted_at = now
        await _tell_of_submission(session, client, submission)
    await session.flush()
    return IntakeView(
        form=form,
        status=SubmissionStatus(submission.status),
        response=kept,
        submission=submission,
        consent=view.consent,
        signature=signed,
    )


def _check(questionnaire: Questionnaire, response: Mapping[str, Any], *, submit: bool) -> None:
    named = response.get("questionnaire")
    if questionnaire.canonical and named is not None and named != questionnaire.canonical:
        raise ValidationFailed.of("questionnaire", "These answers belong to another version of the form.")
    errors = check_response(questionnaire, response, partial=not submit)
    if errors:
        raise ValidationFailed(errors)


async def _tell_of_submission(session: AsyncSession, client: Client, submission: IntakeSubmission) -> None:
    assert submission.submitted_at is not None
    kind = TimelineKind.INTAKE_SUBMITTED
    await tell(session, client.id, kind, at=submission.submitted_at, actor=Actor.CLIENT, ref=submission.id)
    await record_event(
        session,
        source="portal",
        tenant=client.provider_id,
        external_id=f"intake:{submission.id}",
        kind=EventKind.INTAKE_SUBMITTED,
        subject=client_subject(client.id),
        payload={"submission_id": submission.id},
    )


async def _consent(session: AsyncSession, client: Client, form: IntakeForm) -> str:
    return consent_text(form.title, (await practice_of(session, client.practice_id)).name)


async def _form_for(session: AsyncSession, client: Client) -> IntakeForm | None:
    """The form assigned by the journey; until it has got there, the one that the provider has chosen."""
    form_id = client.intake_form_id
    if form_id is None and client.track == Track.ANONYMOUS:
        form_id = (await load_policy(session, client.provider_id, client.id)).policy.intake_form_id
    return await session.get(IntakeForm, form_id) if form_id else None
