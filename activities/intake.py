"""Intake form: assigned when the account is open, filed to the record system when the client has submitted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.post import Post, letterhead
from db.declined_mails import declined
from db.invitations import that_counts
from db.models import Client, IntakeForm, IntakeSubmission
from db.policy_store import load_policy
from db.sealing import unseal
from db.stages import move_stage
from db.tenancy import client_by_id
from db.timeline import tell
from domain.cadence import Waiting, intake_waiting
from domain.intake_gate import intake_form_for
from domain.intake_signature import completed_response, read_signature, signature_context
from domain.mail_facts import intake_reminder_facts
from domain.ports import Filing, RecordSystem, Vault
from domain.stages import Actor, Stage, Track
from domain.states import SubmissionStatus, TimelineKind


@dataclass(frozen=True, kw_only=True)
class OpenIntakeForm:
    client_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class IntakeOpened:
    """`form_id` is None where this client has no form to fill in."""

    form_id: str | None
    stage: Stage
    waiting: Waiting | None = None


@dataclass(frozen=True, kw_only=True)
class RemindOfIntake:
    """`due` is the moment that was planned: it names this reminder."""

    client_id: str
    due: datetime
    now: datetime


@dataclass(frozen=True, kw_only=True)
class FileIntakeForm:
    client_id: str
    now: datetime


class Intake:
    def __init__(self, post: Post, vault: Vault, records: RecordSystem) -> None:
        self._post = post
        self._database = post.database
        self._vault = vault
        self._records = records

    @activity.defn
    async def open_intake_form(self, command: OpenIntakeForm) -> IntakeOpened:
        """The account is open: assign the provider's form on the anonymous track; the invited one is ready at once."""
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=True)
            await _note_account(session, client, command.now)
            policy = (await load_policy(session, client.provider_id, client.id)).policy
            form: IntakeForm | None = None
            if client.intake_form_id is not None:
                form = await session.get(IntakeForm, client.intake_form_id)
            elif (form_id := intake_form_for(policy, Track(client.track))) is not None:
                form = await session.get(IntakeForm, form_id)
            if form is None:
                return IntakeOpened(form_id=None, stage=move_stage(client, Stage.READY))
            client.intake_form_id = form.id
            invitation = await that_counts(session, client.id)
            kind = TimelineKind.INTAKE_ASSIGNED
            await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=form.id)
            return IntakeOpened(
                form_id=form.id,
                stage=move_stage(client, Stage.INTAKE),
                waiting=intake_waiting(policy, command.now, invitation.reminder_days if invitation else None),
            )

    @activity.defn
    async def send_intake_reminder(self, command: RemindOfIntake) -> bool:
        """Remind of the intake form that isn't in; False when it is, or isn't asked for any more."""
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id)
            submitted = await session.scalar(_submissions(client.id).limit(1))
            if client.stage != Stage.INTAKE or submitted is not None:
                return False
            if await declined(session, client.practice_id, client.email) is not None:
                return False
            head = await letterhead(session, client.provider_id)
        key = f"intake-reminder:{client.id}:{command.due:%Y%m%d%H%M}"
        facts = intake_reminder_facts(
            site=self._post.link(""),
            client_id=client.id,
            first_name=client.first_name,
            unsubscribe_link=self._post.unsubscribe_link(client),
        )

        async def done(session: AsyncSession) -> None:
            kind = TimelineKind.INTAKE_REMINDED
            await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=key)

        await self._post.send(
            key,
            kind="intake_reminder",
            client=client,
            to=client.email,
            head=head,
            letter=self._post.write("intake_reminder", head, facts),
            now=command.now,
            done=done,
            unsubscribe=self._post.unsubscribe_link(client),
        )
        return True

    @activity.defn
    async def file_intake_form(self, command: FileIntakeForm) -> Stage:
        """The answers are in: the client is ready to book. Then the answers are filed to the record system.

        Its weather delays the filing only; a repeat files nothing twice.
        """
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=True)
            stage = await _ready(session, client, command.now)
            filings = [await self._filing(session, client, one) for one in await session.scalars(_unfiled(client.id))]
        for filing in filings:
            await self._records.file(filing)
            async with self._database.transaction() as session:
                submission = await session.get_one(IntakeSubmission, filing.identifier, with_for_update=True)
                submission.filed_at = submission.filed_at or command.now
                kind = TimelineKind.INTAKE_FILED
                await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=submission.id)
        return stage

    async def _filing(self, session: AsyncSession, client: Client, submission: IntakeSubmission) -> Filing:
        assert submission.submitted_at is not None
        form = await session.get_one(IntakeForm, submission.form_id)
        answers = await unseal(session, self._vault, client.id, submission.sealed_response, submission.id)
        signature = None
        if submission.sealed_signature is not None:
            sealed, context = submission.sealed_signature, signature_context(submission.id)
            signature = read_signature(await unseal(session, self._vault, client.id, sealed, context))
        response = completed_response(
            answers,
            identifier=submission.id,
            form_id=form.id,
            client_id=client.id,
            submitted_at=submission.submitted_at,
            signature=signature,
        )
        return Filing(
            identifier=submission.id,
            provider_id=client.provider_id,
            client_id=client.id,
            form_id=form.id,
            response=response,
            filed_at=submission.submitted_at,
        )


def _unfiled(client_id: str) -> Select[IntakeSubmission]:
    return _submissions(client_id).where(IntakeSubmission.filed_at.is_(None))


def _submissions(client_id: str) -> Select[IntakeSubmission]:
    return select(IntakeSubmission).where(
        IntakeSubmission.client_id == client_id, IntakeSubmission.status == str(SubmissionStatus.SUBMITTED)
    )


async def _note_account(session: AsyncSession, client: Client, now: datetime) -> None:
    """The web wrote the account; the journey takes note of it."""
    if client.account_id is not None:
        kind = TimelineKind.ACCOUNT_OPENED
        await tell(session, client.id, kind, at=now, actor=Actor.CLIENT, ref=client.account_id)
        move_stage(client, Stage.ACCOUNT)


async def _ready(session: AsyncSession, client: Client, now: datetime) -> Stage:
    await _note_account(session, client, now)
    return move_stage(client, Stage.READY) if client.account_id else Stage(client.stage)
