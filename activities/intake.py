"""Intake form: assigned when the account is open, filed when the client has submitted it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from temporalio import activity

from db.engine import Database
from db.models import Client, IntakeForm, IntakeSubmission
from db.settings_store import load_policy
from db.stages import move_stage
from db.tenancy import client_by_id
from db.timeline import tell
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


@dataclass(frozen=True, kw_only=True)
class FileIntakeForm:
    client_id: str
    now: datetime


class Intake:
    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def open_intake_form(self, command: OpenIntakeForm) -> IntakeOpened:
        """Assign the provider's form on the anonymous track; the invited track goes straight to ready."""
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=True)
            form: IntakeForm | None = None
            if client.intake_form_id is not None:
                form = await session.get(IntakeForm, client.intake_form_id)
            elif client.track == Track.ANONYMOUS:
                policy = (await load_policy(session, client.provider_id)).policy
                form = await session.get(IntakeForm, policy.intake_form_id) if policy.intake_form_id else None
            if form is None:
                return IntakeOpened(form_id=None, stage=move_stage(client, Stage.READY))
            client.intake_form_id = form.id
            kind = TimelineKind.INTAKE_ASSIGNED
            await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=form.id)
            return IntakeOpened(form_id=form.id, stage=move_stage(client, Stage.INTAKE))

    @activity.defn
    async def file_intake_form(self, command: FileIntakeForm) -> Stage:
        """File the submitted answers to the client's record; the client is ready to book."""
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=True)
            query = select(IntakeSubmission).where(
                IntakeSubmission.client_id == client.id, IntakeSubmission.status == str(SubmissionStatus.SUBMITTED)
            )
            for submission in await session.scalars(query):
                submission.filed_at = submission.filed_at or command.now
                kind = TimelineKind.INTAKE_FILED
                await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=submission.id)
            return _ready(client)


def _ready(client: Client) -> Stage:
    return move_stage(client, Stage.READY) if client.account_id else Stage(client.stage)
