"""Who wants no greetings and reminders from a practice: kept by the address's hash, with what was before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.ids import new_id
from db.locks import lock_name
from db.models import DeclinedMails
from domain.recipients import recipient_hash


async def declined(session: AsyncSession, practice_id: str, address: str) -> DeclinedMails | None:
    """The wish in force; None where mails are welcome."""
    return (await declined_by_hash(session, practice_id, [recipient_hash(address)])).get(recipient_hash(address))


async def declined_by_hash(
    session: AsyncSession, practice_id: str, hashes: Collection[str]
) -> dict[str, DeclinedMails]:
    """The wishes in force of those of these recipients who have one."""
    query = select(DeclinedMails).where(
        DeclinedMails.practice_id == practice_id,
        DeclinedMails.recipient_hash.in_(hashes),
        DeclinedMails.wanted_again_at.is_(None),
    )
    return {row.recipient_hash: row for row in await session.scalars(query)}


async def decline(session: AsyncSession, practice_id: str, digest: str, now: datetime) -> tuple[DeclinedMails, bool]:
    """The wish, and whether it is new; a second click is the same wish."""
    await lock_name(session, f"declined:{practice_id}:{digest}")
    known = (await declined_by_hash(session, practice_id, [digest])).get(digest)
    if known is not None:
        return known, False
    row = DeclinedMails(id=new_id("dec"), practice_id=practice_id, recipient_hash=digest, declined_at=now)
    session.add(row)
    await session.flush()
    return row, True


async def want_again(
    session: AsyncSession, practice_id: str, digest: str, now: datetime, *, staff_id: str | None
) -> DeclinedMails | None:
    """The wish that has ended now; None where there was none. `staff_id`: who has written the new wish down."""
    await lock_name(session, f"declined:{practice_id}:{digest}")
    known = (await declined_by_hash(session, practice_id, [digest])).get(digest)
    if known is not None:
        known.wanted_again_at, known.wanted_again_by = now, staff_id
    return known
