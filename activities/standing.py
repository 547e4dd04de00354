"""Where a client stands: what a journey reads when it begins, and its small bookkeeping."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from temporalio import activity

from db.engine import Database
from db.ids import new_id
from db.models import AttentionItem, IntakeSubmission, Invitation
from db.stages import move_stage
from db.tenancy import client_by_id
from db.timeline import tell
from domain.stages import Actor, Stage
from domain.states import SubmissionStatus, TimelineKind


@dataclass(frozen=True, kw_only=True)
class LoadStanding:
    client_id: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What has been done already: a journey that is started again repeats nothing of it."""

    stage: Stage
    has_account: bool
    intake_submitted: bool
    invitation_expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class MarkAccountOpened:
    client_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class RaiseAttention:
    client_id: str
    workflow_id: str
    step: str
    reason: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class SettleAttention:
    client_id: str
    workflow_id: str
    step: str
    resolution: str
    now: datetime


class Standings:
    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def load_standing(self, command: LoadStanding) -> Standing:
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id)
            submitted = await session.scalar(
                select(IntakeSubmission.id).where(
                    IntakeSubmission.client_id == client.id,
                    IntakeSubmission.status == str(SubmissionStatus.SUBMITTED),
                )
            )
            expires_at = await session.scalar(
                select(Invitation.expires_at)
                .where(Invitation.client_id == client.id, Invitation.sent_at.is_not(None))
                .order_by(Invitation.issued_at.desc())
                .limit(1)
            )
            return Standing(
                stage=Stage(client.stage),
                has_account=client.account_id is not None,
                intake_submitted=submitted is not None,
                invitation_expires_at=expires_at,
            )

    @activity.defn
    async def mark_account_opened(self, command: MarkAccountOpened) -> Stage:
        """The web wrote the account; the journey takes note of it."""
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=True)
            kind = TimelineKind.ACCOUNT_OPENED
            await tell(session, client.id, kind, at=command.now, actor=Actor.CLIENT, ref=client.account_id or client.id)
            return move_stage(client, Stage.ACCOUNT)

    @activity.defn
    async def raise_attention(self, command: RaiseAttention) -> None:
        """Put the refused step on the attention list; the search attribute only mirrors it."""
        async with self._database.transaction() as session:
            await client_by_id(session, command.client_id, for_update=True)
            query = select(AttentionItem).where(
                AttentionItem.workflow_id == command.workflow_id,
                AttentionItem.step == command.step,
                AttentionItem.settled_at.is_(None),
            )
            item = await session.scalar(query)
            if item is not None:
                item.reason = command.reason
                return
            item = AttentionItem(
                id=new_id("att"),
                client_id=command.client_id,
                workflow_id=command.workflow_id,
                step=command.step,
                reason=command.reason,
                raised_at=command.now,
            )
            session.add(item)
            kind = TimelineKind.ATTENTION_RAISED
            await tell(session, command.client_id, kind, at=command.now, actor=Actor.SYSTEM, ref=item.id)

    @activity.defn
    async def settle_attention(self, command: SettleAttention) -> None:
        async with self._database.transaction() as session:
            query = select(AttentionItem).where(
                AttentionItem.workflow_id == command.workflow_id,
                AttentionItem.step == command.step,
                AttentionItem.settled_at.is_(None),
            )
            item = await session.scalar(query.with_for_update())
            if item is None:
                return
            item.settled_at = command.now
            item.resolution = command.resolution
            kind = TimelineKind.ATTENTION_SETTLED
            await tell(session, command.client_id, kind, at=command.now, actor=Actor.STAFF, ref=item.id)
