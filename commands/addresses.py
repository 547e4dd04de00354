"""E-mail addresses that the practice corrects: what was sent to the wrong one stops working."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commands.invitations import issue_again, take_back
from commands.office import Office
from db.effects import may_have_arrived
from db.invitations import newest_issued, open_invitations
from db.models import Client, Invitation
from db.timeline import tell
from domain.errors import Conflict, ValidationFailed
from domain.invitations import RevokedBecause
from domain.stages import Actor
from domain.states import TimelineKind


async def correct_email(
    session: AsyncSession, office: Office, client: Client, email: str, *, on_its_way: bool, invite: bool
) -> None:
    """Write the right address of the locked client down; mail goes there from now on.

    A link that may lie in a stranger's mailbox is revoked. One that was refused there is `on_its_way` to the right
    address already; else a new one is issued where it is asked for (`invite`). Raises ValidationFailed, Conflict.
    """
    try:
        right = office.checks.email(email)
    except ValueError as error:
        raise ValidationFailed.of("email", str(error)) from None
    if invite and client.account_id is not None:
        raise Conflict("This client has opened an account already.")
    now = await office.clock.now(session)
    changed = client.email != right
    client.email = right
    ref = f"{client.id}:{now.timestamp():.0f}"
    await tell(session, client.id, TimelineKind.EMAIL_CORRECTED, at=now, actor=Actor.STAFF, ref=ref)
    if changed:
        await _revoke_what_was_sent(session, client, now)
    if invite and not on_its_way:
        await issue_again(session, office, client)


async def link_is_out(session: AsyncSession, client: Client) -> bool:
    """Whether a link that works may lie in the client's mailbox."""
    return any([await _is_out(session, one) for one in await session.scalars(open_invitations(client.id))])


async def _revoke_what_was_sent(session: AsyncSession, client: Client, now: datetime) -> None:
    newest = await newest_issued(session, client.id)
    for invitation in await session.scalars(open_invitations(client.id)):
        if not await _is_out(session, invitation):
            continue
        if invitation is newest:
            await take_back(session, client, invitation, now)
        else:
            invitation.revoked_at = now
            invitation.revoked_because = str(RevokedBecause.REPLACED)


async def _is_out(session: AsyncSession, invitation: Invitation) -> bool:
    return invitation.sent_at is not None or await may_have_arrived(session, f"invitation:{invitation.id}")
