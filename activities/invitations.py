"""Portal invitation: the link with which a client opens an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.post import Post, letterhead
from db.ids import new_id
from db.models import Client, Invitation
from db.settings_store import load_policy
from db.stages import move_stage
from db.tenancy import client_by_id, provider_of
from db.timeline import tell
from domain.ports import Tokens
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
    invitation_id: str
    expires_at: datetime
    stage: Stage


class Invitations:
    def __init__(self, post: Post, tokens: Tokens) -> None:
        self._post = post
        self._tokens = tokens

    @activity.defn
    async def send_portal_invitation(self, command: SendPortalInvitation) -> InvitationSent:
        """Issue the invitation if there is none, and mail its link."""
        async with self._post.database.transaction() as session:
            client = await client_by_id(session, command.client_id, for_update=True)
            invitation = await _issued(session, client, command)
            head = await letterhead(session, client.provider_id)
            provider = await provider_of(session, client.provider_id)
        letter = self._post.write(
            "portal_invitation",
            head,
            {
                "first_name": client.first_name,
                "link": self._post.link(f"/invitations/{self._tokens.mint(INVITATION, invitation.id)}"),
                "page_link": self._post.link(f"/p/{provider.slug}"),
                "days": max(1, (invitation.expires_at - invitation.issued_at).days),
            },
        )

        async def done(session: AsyncSession) -> None:
            sent = await session.get(Invitation, invitation.id)
            assert sent is not None
            sent.sent_at = command.now
            move_stage(await client_by_id(session, client.id, for_update=True), Stage.INVITED)
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
        async with self._post.database.transaction() as session:
            stage = Stage((await client_by_id(session, client.id)).stage)
        return InvitationSent(invitation_id=invitation.id, expires_at=invitation.expires_at, stage=stage)


async def _issued(session: AsyncSession, client: Client, command: SendPortalInvitation) -> Invitation:
    """The invitation meant; the client's row is locked, so that a repeat finds the one made first."""
    query = select(Invitation).where(Invitation.client_id == client.id)
    if command.invitation_id is not None:
        query = query.where(Invitation.id == command.invitation_id)
    invitation = await session.scalar(query.order_by(Invitation.issued_at).limit(1))
    if invitation is None:
        policy = (await load_policy(session, client.provider_id)).policy
        invitation = Invitation(
            id=command.invitation_id or new_id("inv"),
            client_id=client.id,
            issued_at=command.now,
            expires_at=command.now + timedelta(days=policy.invitation_days),
        )
        session.add(invitation)
        await session.flush()
    return invitation
