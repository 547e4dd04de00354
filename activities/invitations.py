"""Portal invitation: the link with which a client opens an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.post import Letterhead, Post, letterhead
from activities.standing import OpenInvitation
from db.declined_mails import declined
from db.duplicates import has_account_at_address, told_of_account
from db.ids import new_id
from db.invitations import open_invitations, state_of
from db.models import Client, Invitation
from db.policy_store import load_policy
from db.stages import move_stage
from db.tenancy import client_by_id
from db.timeline import tell
from domain.cadence import invitation_waiting
from domain.invitations import InvitationState, link_refusal
from domain.mail_facts import invitation_facts
from domain.policy import PortalPolicy
from domain.ports import Letter, Tokens
from domain.stages import Actor, Stage
from domain.states import TimelineKind

INVITATION = "invitation"  # the purpose of the token


@dataclass(frozen=True, kw_only=True)
class SendPortalInvitation:
    """`invitation_id` names one that was issued again; None is the journey's first."""

    client_id: str
    now: datetime
    invitation_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class InvitationSent:
    invitation: OpenInvitation
    stage: Stage


@dataclass(frozen=True, kw_only=True)
class RemindOfInvitation:
    """`due` is the moment that was planned: it names this reminder."""

    invitation_id: str
    client_id: str
    due: datetime
    now: datetime


@dataclass(frozen=True, kw_only=True)
class ExpireInvitation:
    invitation_id: str
    client_id: str
    now: datetime


class Invitations:
    def __init__(self, post: Post, tokens: Tokens) -> None:
        self._post = post
        self._tokens = tokens

    @activity.defn
    async def send_portal_invitation(self, command: SendPortalInvitation) -> InvitationSent | None:
        """Issue the invitation if there is none, and mail its link.

        One that was taken back before it went out isn't sent: in its place the one that works, if there is one. None
        where nothing is to be sent any more.
        """
        async with self._post.database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=True)
            policy = (await load_policy(session, client.provider_id, client.id)).policy
            invitation = await _issued(session, client, policy, command)
            if state_of(invitation, command.now) in (InvitationState.REVOKED, InvitationState.REPLACED):
                return None
            head = await letterhead(session, client.provider_id)
            # Whoever signs up is told what they have already. Whom the practice invites is invited.
            known = command.invitation_id is None and await told_of_account(session, client)
            has_account = await has_account_at_address(session, client.email)
        name = "known_already" if known else "portal_invitation"
        letter = self._letter(name, head, client, invitation, command.now, has_account=has_account)

        async def done(session: AsyncSession) -> None:
            # The client first, as wherever invitations are changed: who waits for the other would wait for ever.
            invited = await client_by_id(session, client.id, for_update=True)
            move_stage(invited, Stage.INVITED)
            sent = await session.get(Invitation, invitation.id)
            assert sent is not None
            sent.sent_at = command.now
            kind = TimelineKind.INVITATION_SENT
            await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=invitation.id)

        await self._post.send(
            f"invitation:{invitation.id}",
            kind="invitation",
            client=client,
            to=client.email,
            head=head,
            letter=letter,
            now=command.now,
            done=done,
        )
        async with self._post.database.statements() as session:
            stage = Stage((await session.scalars(select(Client.stage).where(Client.id == client.id))).one())
        return InvitationSent(invitation=_opened(invitation, policy), stage=stage)

    @activity.defn
    async def send_invitation_reminder(self, command: RemindOfInvitation) -> bool:
        """Remind of an invitation that still waits; False when it doesn't any more. Decided now, not when planned."""
        async with self._post.database.transaction() as session:
            client = await client_by_id(session, command.client_id)
            invitation = await session.get(Invitation, command.invitation_id)
            if invitation is None or client.account_id is not None:
                return False
            if link_refusal(state_of(invitation, command.now)) is not None:
                return False
            if await told_of_account(session, client):
                return False
            if await declined(session, client.practice_id, client.email) is not None:
                return False
            head = await letterhead(session, client.provider_id)
        key = f"invitation-reminder:{invitation.id}:{command.due:%Y%m%d%H%M}"

        async def done(session: AsyncSession) -> None:
            kind = TimelineKind.INVITATION_REMINDED
            await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=key)

        await self._post.send(
            key,
            kind="invitation_reminder",
            client=client,
            to=client.email,
            head=head,
            letter=self._letter(
                "invitation_reminder",
                head,
                client,
                invitation,
                command.now,
                unsubscribe_link=self._post.unsubscribe_link(client),
            ),
            now=command.now,
            done=done,
            unsubscribe=self._post.unsubscribe_link(client),
        )
        return True

    @activity.defn
    async def expire_invitation(self, command: ExpireInvitation) -> None:
        """Say on the timeline that the link has stopped working unused."""
        async with self._post.database.transaction() as session:
            invitation = await session.get(Invitation, command.invitation_id)
            if invitation is None or invitation.accepted_at is not None or invitation.revoked_at is not None:
                return
            kind = TimelineKind.INVITATION_EXPIRED
            await tell(session, command.client_id, kind, at=command.now, actor=Actor.SYSTEM, ref=invitation.id)

    def _letter(
        self,
        name: str,
        head: Letterhead,
        client: Client,
        invitation: Invitation,
        now: datetime,
        *,
        unsubscribe_link: str = "",
        has_account: bool = False,
    ) -> Letter:
        facts = invitation_facts(
            site=self._post.link(""),
            token=self._tokens.mint(INVITATION, invitation.id),
            first_name=client.first_name,
            expires_at=invitation.expires_at,
            now=now,
            has_account=has_account,
            unsubscribe_link=unsubscribe_link,
        )
        return self._post.write(name, head, facts)


def _opened(invitation: Invitation, policy: PortalPolicy) -> OpenInvitation:
    return OpenInvitation(
        invitation_id=invitation.id,
        expires_at=invitation.expires_at,
        waiting=invitation_waiting(policy, invitation.issued_at, invitation.expires_at, invitation.reminder_days),
    )


async def _issued(
    session: AsyncSession, client: Client, policy: PortalPolicy, command: SendPortalInvitation
) -> Invitation:
    """The invitation meant; the client's row is locked, so that a repeat finds the one made first."""
    query = select(Invitation).where(Invitation.client_id == client.id)
    if command.invitation_id is not None:
        query = query.where(Invitation.id == command.invitation_id)
    invitation = await session.scalar(query.order_by(Invitation.issued_at).limit(1))
    if invitation is not None and invitation.revoked_at is not None:
        newest = open_invitations(client.id).order_by(Invitation.issued_at.desc()).limit(1)
        invitation = await session.scalar(newest) or invitation
    if invitation is None:
        invitation = Invitation(
            id=command.invitation_id or new_id("inv"),
            client_id=client.id,
            issued_at=command.now,
            expires_at=command.now + timedelta(days=policy.invitation_days),
            reminder_days=list(policy.invitation_reminder_days),
        )
        session.add(invitation)
        await session.flush()
    return invitation
