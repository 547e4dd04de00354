"""What signed-in people do for the safety of their account: a new password, and where they are signed in."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accounts import SessionKind, ends_at, sessions_of, sign_in_name, token_hash
from commands.office import Office
from commands.passwords import check_new_password
from commands.rate_limits import SIGN_INS_PER_NAME, check_limit, count_request
from commands.two_factor import end_sessions
from db.models import PasswordReset, PortalAccount, WebSession
from domain.errors import ValidationFailed


async def check_password(office: Office, account: PortalAccount, password: str) -> None:
    """The signed-in client shows that it is them. Raises ValidationFailed on `current`, and RateLimited on failures."""
    who = sign_in_name(SessionKind.CLIENT, account.email)
    await check_limit(office.database, SIGN_INS_PER_NAME, who)
    if not await office.passwords.matches(account.password_hash, password):
        await count_request(office.database, (SIGN_INS_PER_NAME, who))
        raise ValidationFailed.of("current", "That isn't your password." if password else "Please enter your password.")


async def change_password(
    session: AsyncSession, office: Office, account_id: str, *, current: str, new: str, token: str | None
) -> None:
    """Everybody else who is signed in is signed out (`token` stays), and links for a new password stop working.

    Raises ValidationFailed on `current` and `password`, and RateLimited.
    """
    account = (
        await session.scalars(select(PortalAccount).where(PortalAccount.id == account_id).with_for_update())
    ).one()
    await check_password(office, account, current)
    check_new_password(new, account.email)
    account.password_hash = await office.passwords.hash(new)
    await end_sessions(session, SessionKind.CLIENT, account.id, but=token_hash(token) if token else None)
    now = await office.clock.now(session)
    links = PasswordReset.kind == str(SessionKind.CLIENT), PasswordReset.subject_id == account.id
    await session.execute(update(PasswordReset).where(*links, PasswordReset.used_at.is_(None)).values(used_at=now))


async def end_session(session: AsyncSession, kind: SessionKind, subject_id: str, name: str) -> None:
    """One of somebody's own, by its `session_name`; over already is fine."""
    for one in await sessions_of(session, kind, subject_id):
        if session_name(one) == name:
            await session.delete(one)


def session_name(one: WebSession) -> str:
    """How a page calls it: of no use for getting in."""
    return hashlib.sha256(one.token_hash.encode()).hexdigest()[:16]


async def seconds_left(session: AsyncSession, kind: SessionKind, token: str | None) -> int:
    """Until the session ends by itself; asking is no use of it. 0 where it is over."""
    row = await session.get(WebSession, token_hash(token)) if token else None
    if row is None or row.kind != kind:
        return 0
    left = ends_at(kind, row.last_seen_at, row.expires_at) - datetime.now(UTC)
    return max(0, int(left.total_seconds()))
