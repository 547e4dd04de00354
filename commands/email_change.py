"""Another address for signing in: asked for with the password, in force once the new address has confirmed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.email_changes import EMAIL_CONFIRM, EMAIL_STOP, mail_key
from commands.account_security import check_password
from commands.office import Office
from commands.rate_limits import EMAIL_CHANGES_PER_ACCOUNT, count_request
from db.declined_mails import decline, declined
from db.events import EventKind, email_change_subject, record_event
from db.ids import new_id
from db.models import Effect, EmailChange, PortalAccount
from db.portal_accounts import account_by_email, asked_changes, clients_of, lock_address
from db.timeline import tell
from domain.errors import Conflict, InvitationExpired, InvitationUsed, NotFound, ValidationFailed
from domain.recipients import recipient_hash
from domain.stages import Actor
from domain.states import EffectState, TimelineKind

_LIVES = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class AskedChange:
    """The change that waits for its confirmation; `refused` where the new address's mail server refused the mail."""

    change: EmailChange
    refused: bool


async def change_under_way(session: AsyncSession, office: Office, account_id: str) -> AskedChange | None:
    now = await office.clock.now(session)
    for change in await asked_changes(session, account_id):
        if now < change.expires_at:
            effect = await session.get(Effect, mail_key(change.id, "confirm"))
            return AskedChange(change=change, refused=effect is not None and effect.state == EffectState.REFUSED)
    return None


async def ask_for_change(session: AsyncSession, office: Office, account_id: str, email: str, password: str) -> None:
    """Mail a link to the new address, and word to the present one; nothing changes before the link is followed.

    The answer doesn't tell whether the new address has an account: its own mailbox is told. Raises ValidationFailed
    (a wrong address, the present one, a wrong password) and RateLimited.
    """
    account = await _locked(session, account_id)
    try:
        wanted = office.checks.email(email)
    except ValueError as error:
        raise ValidationFailed.of("email", str(error)) from None
    if wanted == account.email:
        raise ValidationFailed.of("email", "This is the address that you sign in with.")
    await check_password(office, account, password)
    await count_request(office.database, (EMAIL_CHANGES_PER_ACCOUNT, account.id))
    now = await office.clock.now(session)
    await _end_earlier(session, account.id, now)
    change = EmailChange(id=new_id("emc"), account_id=account.id, email=wanted, created_at=now, expires_at=now + _LIVES)
    session.add(change)
    await session.flush()
    await record_event(
        session,
        source="portal",
        tenant="client",
        external_id=change.id,
        kind=EventKind.EMAIL_CHANGE_REQUESTED,
        subject=email_change_subject(change.id),
        payload={"change_id": change.id},
    )


async def take_back(session: AsyncSession, office: Office, account_id: str) -> None:
    """The client thinks better of it; the links stop working."""
    account = await _locked(session, account_id)
    await _end_earlier(session, account.id, await office.clock.now(session))


async def look_at_change(session: AsyncSession, office: Office, token: str, *, stopping: bool = False) -> EmailChange:
    """Behind the link to the new address, or the one to the old address. Raises NotFound, and 410 where it is over."""
    change_id = office.tokens.read(EMAIL_STOP if stopping else EMAIL_CONFIRM, token)
    change = await session.get(EmailChange, change_id) if change_id else None
    if change is None:
        raise NotFound("This link isn't one of ours. Please use the whole link from the mail.")
    await _locked(session, change.account_id)
    await session.refresh(change)
    if change.confirmed_at is not None:
        confirmed = "The new address has been confirmed already. If that wasn't you, please call the practice."
        raise InvitationUsed(confirmed if stopping else "This link has been used. Please sign in.")
    if change.ended_at is not None:
        raise InvitationUsed("This change has been taken back, or asked for anew. Nothing was changed by it.")
    if await office.clock.now(session) >= change.expires_at:
        raise InvitationExpired("This link isn't valid any more. Nothing was changed.")
    return change


async def confirm_change(session: AsyncSession, office: Office, token: str) -> EmailChange:
    """The account has the new address, and so have its clients who had the old one: all mail follows.

    Raises as `look_at_change`, and Conflict where the new address has got an account meanwhile.
    """
    change = await look_at_change(session, office, token)
    await lock_address(session, change.email)
    if await account_by_email(session, change.email) is not None:
        raise Conflict("This address has an account of its own already; each address can have one only.")
    account = await _locked(session, change.account_id)
    now = await office.clock.now(session)
    before, account.email = account.email, change.email
    change.confirmed_at = change.ended_at = now
    for client in await clients_of(session, account.id):
        # Somebody whose mail the practice sends elsewhere keeps it there.
        if client.email == before:
            client.email = change.email
            if await declined(session, client.practice_id, before) is not None:
                await decline(session, client.practice_id, recipient_hash(change.email), now)
            await tell(session, client.id, TimelineKind.EMAIL_CHANGED, at=now, actor=Actor.CLIENT, ref=change.id)
    return change


async def stop_change(session: AsyncSession, office: Office, token: str) -> None:
    """The old address says no. Raises as `look_at_change`."""
    change = await look_at_change(session, office, token, stopping=True)
    change.ended_at = await office.clock.now(session)


async def _end_earlier(session: AsyncSession, account_id: str, now: datetime) -> None:
    for earlier in await asked_changes(session, account_id):
        earlier.ended_at = now


async def _locked(session: AsyncSession, account_id: str) -> PortalAccount:
    query = select(PortalAccount).where(PortalAccount.id == account_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()
