"""Greetings and reminders that somebody doesn't want: the link at their foot, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.post import UNSUBSCRIBE
from commands.office import Office
from db import declined_mails
from db.models import Client, Practice
from db.timeline import tell
from domain.errors import NotFound
from domain.recipients import recipient_hash
from domain.stages import Actor
from domain.states import TimelineKind


@dataclass(frozen=True, kw_only=True)
class MailChoice:
    """Whose mails a link is about, and whether they are declined by now. It names no address: we don't keep it."""

    practice: Practice
    recipient_hash: str
    declined: bool


async def look_at_choice(session: AsyncSession, office: Office, token: str) -> MailChoice:
    """Raises NotFound."""
    practice_id, _, digest = (office.tokens.read(UNSUBSCRIBE, token) or "").partition(":")
    practice = await session.get(Practice, practice_id) if practice_id else None
    if practice is None:
        raise NotFound("This link isn't one of ours. Please use the whole link from the mail.")
    found = await declined_mails.declined_by_hash(session, practice_id, [digest])
    return MailChoice(practice=practice, recipient_hash=digest, declined=bool(found))


async def decline_mails(session: AsyncSession, office: Office, choice: MailChoice) -> None:
    """From now on; twice is once. What concerns appointments and the account goes out all the same."""
    now = await office.clock.now(session)
    wish, new = await declined_mails.decline(session, choice.practice.id, choice.recipient_hash, now)
    if new:
        for client_id in await _clients_at(session, choice.practice.id, choice.recipient_hash):
            await tell(session, client_id, TimelineKind.MAILS_DECLINED, at=now, actor=Actor.CLIENT, ref=wish.id)


async def want_mails_again(
    session: AsyncSession, office: Office, practice_id: str, digest: str, *, staff_id: str | None = None
) -> bool:
    """By the link, or by staff whom the client has asked to; whether anything has changed."""
    now = await office.clock.now(session)
    wish = await declined_mails.want_again(session, practice_id, digest, now, staff_id=staff_id)
    if wish is None:
        return False
    actor = Actor.STAFF if staff_id else Actor.CLIENT
    for client_id in await _clients_at(session, practice_id, digest):
        await tell(session, client_id, TimelineKind.MAILS_WANTED_AGAIN, at=now, actor=actor, ref=wish.id)
    return True


async def _clients_at(session: AsyncSession, practice_id: str, digest: str) -> list[str]:
    """Everybody of the practice who is reached at this address: families share one."""
    rows = await session.execute(select(Client.id, Client.email).where(Client.practice_id == practice_id))
    return [row.id for row in rows if recipient_hash(row.email) == digest]
