"""What the client does with an invitation: looks at it, opens an account by it, asks for a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from activities.invitations import INVITATION
from commands.accounts import SessionKind, sign_in_name
from commands.invitations import issue_again
from commands.office import Office
from commands.passwords import check_new_password
from commands.rate_limits import SIGN_INS_PER_NAME, check_limit, count_request
from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.invitations import newest_issued, state_of
from db.models import Client, Invitation, PortalAccount, Practice, Provider
from db.portal_accounts import account_by_email, lock_address
from db.tenancy import client_by_id, practice_of, provider_of
from db.timeline import tell
from domain.errors import InvitationUsed, NotFound, RateLimited, ValidationFailed
from domain.invitations import InvitationState, link_refusal
from domain.stages import Actor, JourneyOutcome
from domain.states import TimelineKind

_NOT_AGAIN_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class InvitationView:
    """What the page behind the link shows before anything is done."""

    invitation: Invitation
    client: Client
    provider: Provider
    account_exists: bool


async def look_at_invitation(session: AsyncSession, office: Office, token: str) -> InvitationView:
    """Raises NotFound, InvitationUsed, InvitationExpired, InvitationRevoked (410)."""
    invitation = await _behind(session, office, token)
    now = await office.clock.now(session)
    refusal = link_refusal(state_of(invitation, now))
    if refusal is not None:
        raise refusal
    client = await client_by_id(session, invitation.client_id)
    account = await account_by_email(session, client.email)
    return InvitationView(
        invitation=invitation,
        client=client,
        provider=await provider_of(session, client.provider_id),
        account_exists=account is not None,
    )


async def _behind(session: AsyncSession, office: Office, token: str) -> Invitation:
    invitation_id = office.tokens.read(INVITATION, token)
    invitation = await session.get(Invitation, invitation_id, populate_existing=True) if invitation_id else None
    if invitation is None:
        raise NotFound("This link isn't one of ours. Please use the whole link from the mail.")
    return invitation


async def invited_by(session: AsyncSession, office: Office, token: str) -> Practice:
    """Whom to call about a link that doesn't work any more. Raises NotFound."""
    client = await client_by_id(session, (await _behind(session, office, token)).client_id)
    return await practice_of(session, client.practice_id)


async def accept_invitation(session: AsyncSession, office: Office, token: str, password: str) -> Client:
    """Open the account (or, for an address that has one, put this client behind it, by its password).

    Raises what `look_at_invitation` does, ValidationFailed for the password, and RateLimited on wrong ones.
    """
    invited = await _behind(session, office, token)
    client = await client_by_id(session, invited.client_id, for_update=True)
    # Looked at under the lock: the practice may be taking it back at this very moment.
    view = await look_at_invitation(session, office, token)
    if client.account_id is not None:
        raise InvitationUsed("This invitation has been used. Please sign in with your password.")
    now = await office.clock.now(session)
    account = await _account(session, office, client.email, password, now)
    client.account_id = account.id
    view.invitation.accepted_at = now
    await record_event(
        session,
        source="portal",
        tenant=client.provider_id,
        external_id=f"account:{client.id}",
        kind=EventKind.ACCOUNT_OPENED,
        subject=client_subject(client.id),
        payload={"account_id": account.id},
    )
    return client


async def _account(session: AsyncSession, office: Office, email: str, password: str, now: datetime) -> PortalAccount:
    # A family's links, opened at the same moment: one of them makes the account.
    await lock_address(session, email)
    account = await account_by_email(session, email)
    if account is not None:
        # It opens what a sign-in opens, so it is limited like one.
        who = sign_in_name(SessionKind.CLIENT, email)
        await check_limit(office.database, SIGN_INS_PER_NAME, who)
        if not await office.passwords.matches(account.password_hash, password):
            await count_request(office.database, (SIGN_INS_PER_NAME, who))
            raise ValidationFailed.of("password", "You have an account already: please enter its password.")
        return account
    check_new_password(password, email)
    account = PortalAccount(
        id=new_id("acc"), email=email, password_hash=await office.passwords.hash(password), created_at=now
    )
    session.add(account)
    await session.flush()
    return account


async def ask_again(session: AsyncSession, office: Office, token: str) -> None:
    """The client asks for a new link in place of one that has run out.

    Nothing tells whether there is such a client: what isn't ours, or can't be renewed, is passed over in silence.
    """
    invitation_id = office.tokens.read(INVITATION, token)
    invitation = await session.get(Invitation, invitation_id) if invitation_id else None
    if invitation is None:
        return
    client = await client_by_id(session, invitation.client_id, for_update=True)
    if client.account_id is not None or client.outcome == JourneyOutcome.WITHDRAWN:
        return
    newest = await newest_issued(session, client.id)
    now = await office.clock.now(session)
    if newest is not None and state_of(newest, now) is InvitationState.REVOKED:
        return  # The practice has taken it back: they alone can invite again.
    if newest is not None and now - newest.issued_at < _NOT_AGAIN_WITHIN:
        return  # It is on its way: pressed twice, or by a mail scanner.
    try:
        fresh = await issue_again(session, office, client)
    except RateLimited:
        return  # Theirs for today are used up; the page's answer is the same whatever comes of it.
    kind = TimelineKind.INVITATION_ASKED_AGAIN
    await tell(session, client.id, kind, at=now, actor=Actor.CLIENT, ref=fresh.id)
