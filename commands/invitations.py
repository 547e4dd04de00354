"""Invitations: issued by the provider, accepted by the client, issued again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.invitations import INVITATION
from commands.idempotency import earlier_result, keep_result
from commands.office import Office
from commands.passwords import check_new_password
from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.invitations import newest_issued, open_invitations
from db.locks import lock_name
from db.models import Client, Invitation, PortalAccount, Provider
from db.policy_store import load_policy
from db.portal_accounts import account_by_email, lock_address
from db.settings_store import practice_standing
from db.tenancy import client_by_external_id, client_by_id, provider_of
from db.timeline import tell
from domain.errors import (
    Conflict,
    FieldError,
    InvitationExpired,
    InvitationUsed,
    NotFound,
    SubscriptionInactive,
    ValidationFailed,
)
from domain.stages import Actor, JourneyOutcome, Stage, Track
from domain.states import SubscriptionStatus, TimelineKind

_LONGEST_NAME = 100
_NOT_AGAIN_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class NewClient:
    """Whom the provider invites, checked."""

    first_name: str
    last_name: str
    email: str
    phone: str | None
    external_id: str | None

    def as_request(self) -> dict[str, object]:
        return dict(vars(self))


def check_new_client(office: Office, country: str, data: dict[str, Any]) -> NewClient:
    """`country` is the practice's. Raises ValidationFailed naming every field that isn't right."""
    errors: list[FieldError] = []
    allowed = ("first_name", "last_name", "email", "phone", "external_id")
    errors += [FieldError(field=name, message="isn't known here") for name in data if name not in allowed]
    values: dict[str, str | None] = {}
    for name in allowed:
        try:
            values[name] = _checked(office, country, name, data.get(name))
        except ValueError as error:
            errors.append(FieldError(field=name, message=str(error)))
    if errors:
        raise ValidationFailed(errors)
    return NewClient(
        first_name=values["first_name"] or "",
        last_name=values["last_name"] or "",
        email=values["email"] or "",
        phone=values["phone"],
        external_id=values["external_id"],
    )


def _checked(office: Office, country: str, name: str, value: object) -> str | None:
    optional = name in ("phone", "external_id")
    if optional and value in (None, ""):
        return None
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is needed" if value in (None, "") else "must be text")
    text = value.strip()
    if name == "email":
        return office.checks.email(text)
    if name == "phone":
        return office.checks.phone(text, country)
    if len(text) > _LONGEST_NAME or not text.isprintable():
        raise ValueError(f"must be at most {_LONGEST_NAME} printable characters")
    return text


async def invite(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    new: NewClient,
    *,
    source: str,
    external_id: str | None = None,
    idempotency_key: str | None = None,
) -> Client:
    """Record the client on the invited track; the journey sends the invitation.

    A client with the same `external_id` is the same client: nothing is sent again. Raises SubscriptionInactive.
    """
    scope = f"invite:{provider.id}"
    earlier = await earlier_result(session, scope, idempotency_key, new.as_request())
    if earlier is not None:
        return await client_by_id(session, earlier["client_id"])
    standing = await practice_standing(session, provider)
    if standing.subscription is not SubscriptionStatus.ACTIVE:
        raise SubscriptionInactive("New clients can be invited once the portal subscription is active.")
    if new.external_id is not None:
        await lock_name(session, f"external-id:{provider.id}:{new.external_id}")
        known = await client_by_external_id(session, provider.id, new.external_id)
        if known is not None:
            return known
    client = Client(
        id=new_id("cli"),
        practice_id=provider.practice_id,
        provider_id=provider.id,
        track=str(Track.INVITED),
        stage=str(Stage.RECORDED),
        first_name=new.first_name,
        last_name=new.last_name,
        email=new.email,
        phone=new.phone,
        external_id=new.external_id,
        created_at=await office.clock.now(session),
    )
    session.add(client)
    await session.flush()
    await tell(session, client.id, TimelineKind.INVITED, at=client.created_at, actor=Actor.STAFF, ref=client.id)
    await record_event(
        session,
        source=source,
        tenant=provider.id,
        external_id=external_id or client.id,
        kind=EventKind.CLIENT_INVITED,
        subject=client_subject(client.id),
        payload={},
    )
    await keep_result(session, scope, idempotency_key, new.as_request(), {"client_id": client.id})
    return client


async def issue_again(session: AsyncSession, office: Office, client: Client) -> Invitation:
    """A new link for the locked client; the earlier ones stop working. Raises Conflict when the account is open."""
    if client.account_id is not None:
        raise Conflict("This client has opened an account already.")
    now = await office.clock.now(session)
    for old in await session.scalars(open_invitations(client.id)):
        old.revoked_at = now
    policy = (await load_policy(session, client.provider_id, client.id)).policy
    invitation = Invitation(
        id=new_id("inv"),
        client_id=client.id,
        issued_at=now,
        expires_at=now + timedelta(days=policy.invitation_days),
    )
    session.add(invitation)
    await session.flush()
    await record_event(
        session,
        source="staff",
        tenant=client.provider_id,
        external_id=invitation.id,
        kind=EventKind.INVITATION_REQUESTED,
        subject=client_subject(client.id),
        payload={"invitation_id": invitation.id},
    )
    return invitation


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
    if newest is not None and now - newest.issued_at < _NOT_AGAIN_WITHIN:
        return  # It is on its way: pressed twice, or by a mail scanner.
    fresh = await issue_again(session, office, client)
    kind = TimelineKind.INVITATION_ASKED_AGAIN
    await tell(session, client.id, kind, at=now, actor=Actor.CLIENT, ref=fresh.id)


async def withdraw(session: AsyncSession, client: Client) -> None:
    """The practice ends the locked client's way; the journey closes it. Raises Conflict where it is over already."""
    if client.stage in (Stage.BOOKED, Stage.CLOSED):
        raise Conflict("This client's way isn't open.", stage=client.stage)
    await record_event(
        session,
        source="staff",
        tenant=client.provider_id,
        external_id=f"withdraw:{client.id}:{new_id('wdr')}",
        kind=EventKind.JOURNEY_WITHDRAWN,
        subject=client_subject(client.id),
        payload={},
    )


@dataclass(frozen=True, kw_only=True)
class InvitationView:
    """What the page behind the link shows before anything is done."""

    invitation: Invitation
    client: Client
    provider: Provider
    account_exists: bool


async def look_at_invitation(session: AsyncSession, office: Office, token: str) -> InvitationView:
    """Raises NotFound, InvitationUsed, InvitationExpired (410)."""
    invitation_id = office.tokens.read(INVITATION, token)
    invitation = await session.get(Invitation, invitation_id) if invitation_id else None
    if invitation is None:
        raise NotFound("This link isn't one of ours. Please use the whole link from the mail.")
    if invitation.accepted_at is not None:
        raise InvitationUsed("This invitation has been used. Please sign in with your password.")
    now = await office.clock.now(session)
    if invitation.revoked_at is not None or now >= invitation.expires_at:
        raise InvitationExpired("This invitation isn't valid any more. Please ask the practice for a new one.")
    client = await client_by_id(session, invitation.client_id)
    account = await account_by_email(session, client.email)
    return InvitationView(
        invitation=invitation,
        client=client,
        provider=await provider_of(session, client.provider_id),
        account_exists=account is not None,
    )


async def accept_invitation(session: AsyncSession, office: Office, token: str, password: str) -> PortalAccount:
    """Open the account (or, for an address that has one, put this client behind it, by its password)."""
    view = await look_at_invitation(session, office, token)
    client = await client_by_id(session, view.client.id, for_update=True)
    if client.account_id is not None:
        raise InvitationUsed("This invitation has been used. Please sign in with your password.")
    now = await office.clock.now(session)
    account = await _account(session, office, client.email, password, now)
    client.account_id = account.id
    invitation = (await session.scalars(select(Invitation).where(Invitation.id == view.invitation.id))).one()
    invitation.accepted_at = now
    await record_event(
        session,
        source="portal",
        tenant=client.provider_id,
        external_id=f"account:{client.id}",
        kind=EventKind.ACCOUNT_OPENED,
        subject=client_subject(client.id),
        payload={"account_id": account.id},
    )
    return account


async def _account(session: AsyncSession, office: Office, email: str, password: str, now: datetime) -> PortalAccount:
    await lock_address(session, email)
    account = await account_by_email(session, email)
    if account is not None:
        if not await office.passwords.matches(account.password_hash, password):
            raise ValidationFailed.of("password", "You have an account already: please enter its password.")
        return account
    check_new_password(password, email)
    account = PortalAccount(
        id=new_id("acc"), email=email, password_hash=await office.passwords.hash(password), created_at=now
    )
    session.add(account)
    await session.flush()
    return account
