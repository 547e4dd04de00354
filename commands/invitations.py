"""Invitations, as the practice gives them: issued, issued again, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from commands.idempotency import earlier_result, keep_result
from commands.invitation_limits import count_invitation
from commands.office import Office
from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.invitations import end_open, newest_issued, state_of
from db.locks import lock_name
from db.models import Client, Invitation, Provider
from db.policy_store import load_policy
from db.settings_store import practice_standing
from db.tenancy import client_by_external_id, client_by_id, provider_of
from db.timeline import tell
from domain.duplicates import Person
from domain.errors import FieldError, ProviderLeft, SubscriptionInactive, ValidationFailed
from domain.invitations import InvitationState, RevokedBecause, again_refusal, revoke_refusal
from domain.stages import Actor, Stage, Track
from domain.states import TimelineKind
from domain.subscriptions import is_open

_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class NewClient:
    """Whom the provider invites, checked."""

    first_name: str
    last_name: str
    email: str
    phone: str | None
    external_id: str | None

    @property
    def person(self) -> Person:
        return Person(first_name=self.first_name, last_name=self.last_name, email=self.email)

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

    A client with the same `external_id` is the same client: nothing is sent again. Raises SubscriptionInactive, and
    RateLimited where that address has been sent too many today.
    """
    scope = f"invite:{provider.id}"
    earlier = await earlier_result(session, scope, idempotency_key, new.as_request())
    if earlier is not None:
        return await client_by_id(session, earlier["client_id"])
    await check_open(session, provider)
    if new.external_id is not None:
        await lock_name(session, f"external-id:{provider.id}:{new.external_id}")
        known = await client_by_external_id(session, provider.id, new.external_id)
        if known is not None:
            return known
    await count_invitation(session, office, provider.id, new.email)
    now = await office.clock.now(session)
    client = await record_new_client(session, provider, new, now, source=source, external_id=external_id)
    await keep_result(session, scope, idempotency_key, new.as_request(), {"client_id": client.id})
    return client


async def check_there(session: AsyncSession, provider_id: str) -> None:
    """Raises ProviderLeft: nobody is to come to them any more."""
    provider = await provider_of(session, provider_id)
    if provider.left_at is not None:
        raise ProviderLeft(f"{provider.name} has left the practice: clients can't come to them any more.")


async def check_open(session: AsyncSession, provider: Provider) -> None:
    """Raises ProviderLeft, SubscriptionInactive."""
    await check_there(session, provider.id)
    standing = await practice_standing(session, provider)
    if not is_open(standing.subscription):
        raise SubscriptionInactive("New clients can be invited once the portal subscription is active.")


async def record_new_client(
    session: AsyncSession,
    provider: Provider,
    new: NewClient,
    now: datetime,
    *,
    source: str,
    external_id: str | None = None,
) -> Client:
    """The row, the timeline's first entry, and the event that starts the journey, which mails the invitation."""
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
        created_at=now,
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
    return client


async def issue_again(session: AsyncSession, office: Office, client: Client) -> Invitation:
    """A new link for the locked client; the earlier ones stop working.

    Raises ProviderLeft, Conflict when the account is open, and RateLimited where that address has been sent too many
    today: then the earlier link goes on working.
    """
    await check_there(session, client.provider_id)
    refusal = again_refusal(has_account=client.account_id is not None)
    if refusal is not None:
        raise refusal
    await count_invitation(session, office, client.provider_id, client.email)
    now = await office.clock.now(session)
    await end_open(session, client.id, RevokedBecause.REPLACED, now)
    invitation = await _issued(session, client, now)
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


async def _issued(session: AsyncSession, client: Client, now: datetime) -> Invitation:
    policy = (await load_policy(session, client.provider_id, client.id)).policy
    expires_at = now + timedelta(days=policy.invitation_days)
    invitation = Invitation(
        id=new_id("inv"),
        client_id=client.id,
        issued_at=now,
        expires_at=expires_at,
        reminder_days=list(policy.invitation_reminder_days),
    )
    session.add(invitation)
    await session.flush()
    return invitation


async def revoke(session: AsyncSession, office: Office, client: Client) -> tuple[Invitation, bool]:
    """Take the locked client's invitation back: its link stops at once, and nobody is reminded any more.

    Also before it has gone out: then it never does. The way stays open, so that the client can be invited again. The
    second value is False where it had been taken back before. Raises Conflict when the account is open.
    """
    refusal = revoke_refusal(has_account=client.account_id is not None)
    if refusal is not None:
        raise refusal
    now = await office.clock.now(session)
    newest = await newest_issued(session, client.id)
    if newest is not None and state_of(newest, now) is InvitationState.REVOKED:
        return newest, False
    # Without one the journey is about to issue it: it finds this one instead, and sends nothing.
    taken = newest or await _issued(session, client, now)
    await tell(session, client.id, TimelineKind.INVITATION_REVOKED, at=now, actor=Actor.STAFF, ref=taken.id)
    await take_back(session, client, taken, now)
    return taken, True


async def take_back(session: AsyncSession, client: Client, newest: Invitation, now: datetime) -> None:
    """End the locked client's newest invitation; the journey waits for the practice from now on."""
    newest.revoked_at = now
    newest.revoked_because = str(RevokedBecause.PRACTICE)
    await record_event(
        session,
        source="staff",
        tenant=client.provider_id,
        external_id=f"revoked:{newest.id}",
        kind=EventKind.INVITATION_REVOKED,
        subject=client_subject(client.id),
        payload={"invitation_id": newest.id, "revoked_at": now.isoformat()},
    )
