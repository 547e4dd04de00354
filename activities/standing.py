"""Where a client stands: what a journey reads when it begins, and its small bookkeeping."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from temporalio import activity

from db.engine import Database
from db.ids import new_id
from db.invitations import end_open, that_counts
from db.models import AttentionItem, IntakeSubmission, Invitation
from db.policy_store import load_policy
from db.stages import move_stage
from db.tenancy import client_by_id
from db.timeline import tell
from domain.cadence import Waiting, invitation_waiting, revoked_waiting
from domain.invitations import RevokedBecause
from domain.policy import PortalPolicy
from domain.stages import Actor, JourneyOutcome, Stage
from domain.states import AttentionOwner, SubmissionStatus, TimelineKind


@dataclass(frozen=True, kw_only=True)
class LoadStanding:
    client_id: str


@dataclass(frozen=True, kw_only=True)
class OpenInvitation:
    """The newest invitation that was sent, and what happens while it isn't answered.

    `revoked` says that the practice has taken it back: it is the practice that is waited for.
    """

    invitation_id: str
    expires_at: datetime
    waiting: Waiting
    revoked: bool = False


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What has been done already: a journey that is started again repeats nothing of it."""

    stage: Stage
    has_account: bool
    intake_submitted: bool
    invitation: OpenInvitation | None = None


@dataclass(frozen=True, kw_only=True)
class RaiseAttention:
    """About a client, or (without one) about an affair of the practice's own, perhaps one provider's."""

    client_id: str | None
    workflow_id: str
    step: str
    reason: str
    owner: AttentionOwner
    due_at: datetime
    now: datetime
    practice_id: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class SettleAttention:
    client_id: str | None
    workflow_id: str
    step: str
    resolution: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class NoteDropped:
    """A message that would have come too late to be of use; `ref` names it once."""

    client_id: str
    ref: str
    step: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class CloseJourney:
    client_id: str
    outcome: JourneyOutcome
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
            invitation = await that_counts(session, client.id)
            policy = (await load_policy(session, client.provider_id, client.id)).policy
            return Standing(
                stage=Stage(client.stage),
                has_account=client.account_id is not None,
                intake_submitted=submitted is not None,
                invitation=_waited_for(invitation, policy) if invitation is not None else None,
            )

    @activity.defn
    async def raise_attention(self, command: RaiseAttention) -> None:
        """Put the refused step on the attention list; the search attribute only mirrors it."""
        async with self._database.transaction() as session:
            if command.client_id is not None:
                await client_by_id(session, command.client_id, for_update=True)
            query = select(AttentionItem).where(
                AttentionItem.workflow_id == command.workflow_id,
                AttentionItem.step == command.step,
                AttentionItem.settled_at.is_(None),
            )
            item = await session.scalar(query)
            if item is not None:
                item.reason = command.reason
                item.owner = str(command.owner)
                item.due_at = command.due_at
                return
            item = AttentionItem(
                id=new_id("att"),
                client_id=command.client_id,
                practice_id=command.practice_id,
                provider_id=command.provider_id,
                workflow_id=command.workflow_id,
                step=command.step,
                reason=command.reason,
                owner=str(command.owner),
                due_at=command.due_at,
                raised_at=command.now,
            )
            session.add(item)
            if command.client_id is not None:
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
            if command.client_id is not None:
                kind = TimelineKind.ATTENTION_SETTLED
                await tell(session, command.client_id, kind, at=command.now, actor=Actor.STAFF, ref=item.id)

    @activity.defn
    async def note_dropped(self, command: NoteDropped) -> None:
        """Say on the timeline that a message was dropped rather than sent late."""
        async with self._database.transaction() as session:
            kind = TimelineKind.MAIL_DROPPED
            await tell(session, command.client_id, kind, at=command.now, actor=Actor.SYSTEM, ref=command.ref)

    @activity.defn
    async def close_journey(self, command: CloseJourney) -> None:
        """The way ends without a visit: it lapsed, or the practice withdrew it. Open invitations stop working."""
        async with self._database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=True)
            if client.stage in (Stage.BOOKED, Stage.CLOSED):
                return
            move_stage(client, Stage.CLOSED)
            client.outcome = str(command.outcome)
            lapsed = command.outcome is JourneyOutcome.LAPSED
            because = RevokedBecause.LAPSED if lapsed else RevokedBecause.PRACTICE
            await end_open(session, client.id, because, command.now)
            kind = TimelineKind.JOURNEY_LAPSED if lapsed else TimelineKind.JOURNEY_WITHDRAWN
            ref = f"{client.id}:{command.now:%Y%m%d%H%M%S}"
            actor = Actor.SYSTEM if lapsed else Actor.STAFF
            await tell(session, client.id, kind, at=command.now, actor=actor, ref=ref)


def _waited_for(invitation: Invitation, policy: PortalPolicy) -> OpenInvitation:
    revoked_at = invitation.revoked_at if invitation.revoked_because == RevokedBecause.PRACTICE else None
    return OpenInvitation(
        invitation_id=invitation.id,
        expires_at=invitation.expires_at,
        waiting=revoked_waiting(revoked_at)
        if revoked_at is not None
        else invitation_waiting(policy, invitation.issued_at, invitation.expires_at, invitation.reminder_days),
        revoked=revoked_at is not None,
    )
