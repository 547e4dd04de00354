"""Signing in and out, for clients and staff; choosing a new password."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.accounts import PASSWORD_RESET
from commands.audit import Who, note
from commands.office import Office
from commands.passwords import check_new_password
from commands.rate_limits import SIGN_INS_PER_ADDRESS, SIGN_INS_PER_NAME, check_limit, count_request
from db.events import EventKind, record_event, reset_subject
from db.ids import new_id
from db.models import PasswordReset, PortalAccount, StaffMember, WebSession
from db.portal_accounts import account_by_email
from domain.audit import AuditKind
from domain.errors import InvitationExpired, InvitationUsed, NotFound, Unauthorized
from domain.roles import Role


class SessionKind(StrEnum):
    STAFF = "staff"
    CLIENT = "client"
    STAFF_CODE = "staff_code"  # the password was right; the second factor is still to come


class ResetPurpose(StrEnum):
    """Why a link for a password was mailed."""

    RESET = "reset"
    INVITATION = "invitation"  # of a staff member, who has none yet


# Sessions are guarded by wall time. Idle ones end by themselves (HIPAA 164.312: automatic log-off).
_IDLE = {
    SessionKind.STAFF: timedelta(minutes=30),
    SessionKind.CLIENT: timedelta(minutes=30),
    SessionKind.STAFF_CODE: timedelta(minutes=5),
}
_LONGEST = timedelta(hours=12)
_RESET_LIVES = timedelta(hours=1)

# Hashed when nobody is found, so that a stranger's and a member's wrong password take the same time.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3o6yyTn1cFDJCQeSkmEUQ3hqqSgQzTLPPfnT2bqZ5kQ"


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """`token` goes into the cookie; only its hash is stored."""

    token: str
    kind: SessionKind
    subject_id: str


async def sign_in(
    office: Office, kind: SessionKind, email: str, password: str, *, remote_address: str, device: str | None = None
) -> SignedIn:
    """Staff with a second factor are only half signed in: `STAFF_CODE`, to be completed by a code.

    Raises Unauthorized (the same for an unknown address and a wrong password) and RateLimited (on failures).
    """
    who = sign_in_name(kind, email)
    await check_limit(office.database, SIGN_INS_PER_NAME, who)
    await check_limit(office.database, SIGN_INS_PER_ADDRESS, remote_address)
    async with office.database.statements() as session:
        found = await _by_email(session, kind, email)
    matches = await office.passwords.matches((found.password_hash if found else None) or _NOBODY, password)
    if found is None or not matches:
        await count_request(office.database, (SIGN_INS_PER_NAME, who), (SIGN_INS_PER_ADDRESS, remote_address))
        if isinstance(found, StaffMember):
            await _note_staff(office, found, AuditKind.SIGN_IN_FAILED, remote_address)
        raise Unauthorized("The address and the password don't belong together.")
    if not isinstance(found, StaffMember):
        async with office.database.statements() as session:
            return await begin_session(session, kind, found.id, device=device)
    if found.totp_since is not None:
        async with office.database.statements() as session:
            return await begin_session(session, SessionKind.STAFF_CODE, found.id, device=device)
    return await staff_signed_in(office, found.id, remote_address=remote_address, device=device)


def sign_in_name(kind: SessionKind, email: str) -> str:
    """Under which wrong passwords for an address are counted."""
    return f"{kind}:{email.strip().lower()}"


async def staff_signed_in(office: Office, staff_id: str, *, remote_address: str, device: str | None) -> SignedIn:
    """Everything that was asked for has been shown: the session, and a line in the audit log."""
    async with office.database.transaction() as session:
        member = (await session.scalars(select(StaffMember).where(StaffMember.id == staff_id))).one()
        member.last_sign_in_at = datetime.now(UTC)
        await note(session, office, who_of(member, remote_address), AuditKind.SIGNED_IN)
        return await begin_session(session, SessionKind.STAFF, member.id, device=device)


async def _note_staff(office: Office, member: StaffMember, kind: AuditKind, address: str) -> None:
    async with office.database.transaction() as session:
        await note(session, office, who_of(member, address), kind)


def who_of(member: StaffMember, address: str | None, request_id: str | None = None) -> Who:
    """A staff member, for the audit log."""
    return Who(
        practice_id=member.practice_id,
        name=member.name,
        staff_id=member.id,
        role=Role(member.role),
        address=address,
        request_id=request_id,
    )


async def begin_session(
    session: AsyncSession, kind: SessionKind, subject_id: str, *, device: str | None = None
) -> SignedIn:
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    session.add(
        WebSession(
            token_hash=token_hash(token),
            kind=str(kind),
            subject_id=subject_id,
            device=device,
            created_at=now,
            last_seen_at=now,
            expires_at=now + _LONGEST,
        )
    )
    await session.flush()
    return SignedIn(token=token, kind=kind, subject_id=subject_id)


async def who_is(session: AsyncSession, kind: SessionKind, token: str | None) -> str | None:
    """The signed-in staff member's or account's id; None when nobody is (any more)."""
    row = await session.get(WebSession, token_hash(token)) if token else None
    now = datetime.now(UTC)
    if row is None or row.kind != kind or is_over(kind, row.last_seen_at, row.expires_at, now):
        return None
    if now - row.last_seen_at > timedelta(minutes=1):
        await session.execute(
            update(WebSession).where(WebSession.token_hash == row.token_hash).values(last_seen_at=now)
        )
    return row.subject_id


async def sessions_of(session: AsyncSession, kind: SessionKind, subject_id: str) -> list[WebSession]:
    """Those that are open, the last used first."""
    query = select(WebSession).where(WebSession.subject_id == subject_id, WebSession.kind == str(kind))
    now = datetime.now(UTC)
    found = await session.scalars(query.order_by(WebSession.last_seen_at.desc()))
    return [one for one in found if not is_over(kind, one.last_seen_at, one.expires_at, now)]


def is_over(kind: SessionKind, last_seen_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Has the session run out, or been idle for too long?"""
    return now >= ends_at(kind, last_seen_at, expires_at)


def ends_at(kind: SessionKind, last_seen_at: datetime, expires_at: datetime) -> datetime:
    """When it ends by itself, if nothing happens before."""
    return min(expires_at, last_seen_at + _IDLE[kind])


async def sign_out(session: AsyncSession, token: str | None) -> None:
    if token:
        await session.execute(delete(WebSession).where(WebSession.token_hash == token_hash(token)))


async def request_password_reset(session: AsyncSession, office: Office, kind: SessionKind, email: str) -> None:
    """Mail a link, if somebody has this address; the caller answers the same in either case."""
    found = await _by_email(session, kind, email)
    if found is None:
        return
    await mail_password_link(session, office, kind, found.id, purpose=ResetPurpose.RESET, lives=_RESET_LIVES)


async def mail_password_link(
    session: AsyncSession,
    office: Office,
    kind: SessionKind,
    subject_id: str,
    *,
    purpose: ResetPurpose,
    lives: timedelta,
) -> None:
    now = await office.clock.now(session)
    reset = PasswordReset(
        id=new_id("rst"),
        kind=str(kind),
        purpose=str(purpose),
        subject_id=subject_id,
        created_at=now,
        expires_at=now + lives,
    )
    session.add(reset)
    await session.flush()
    await record_event(
        session,
        source="portal",
        tenant=str(kind),
        external_id=reset.id,
        kind=EventKind.PASSWORD_RESET_REQUESTED,
        subject=reset_subject(reset.id),
        payload={"reset_id": reset.id},
    )


async def look_at_reset(session: AsyncSession, office: Office, token: str) -> PasswordReset:
    """Raises NotFound, InvitationUsed, InvitationExpired."""
    reset_id = office.tokens.read(PASSWORD_RESET, token)
    reset = await session.get(PasswordReset, reset_id, with_for_update=True) if reset_id else None
    if reset is None:
        raise NotFound("This link isn't one of ours. Please use the whole link from the mail.")
    if reset.used_at is not None:
        raise InvitationUsed("This link has been used. Please sign in, or ask for a new one.")
    if await office.clock.now(session) >= reset.expires_at:
        raise InvitationExpired("This link isn't valid any more. Please ask for a new one.")
    return reset


async def reset_password(session: AsyncSession, office: Office, token: str, password: str) -> SessionKind:
    """Set the new password and end every session that was open under the old one."""
    reset = await look_at_reset(session, office, token)
    kind = SessionKind(reset.kind)
    member: StaffMember | PortalAccount | None
    if kind is SessionKind.STAFF:
        member = await session.get(StaffMember, reset.subject_id)
    else:
        member = await session.get(PortalAccount, reset.subject_id)
    assert member is not None
    check_new_password(password, member.email)
    member.password_hash = await office.passwords.hash(password)
    reset.used_at = await office.clock.now(session)
    await session.execute(delete(WebSession).where(WebSession.subject_id == member.id))
    return kind


async def _by_email(session: AsyncSession, kind: SessionKind, email: str) -> StaffMember | PortalAccount | None:
    address = email.strip().lower()
    if kind is SessionKind.STAFF:
        may_sign_in = StaffMember.password_hash.is_not(None), StaffMember.deactivated_at.is_(None)
        return await session.scalar(select(StaffMember).where(StaffMember.email == address, *may_sign_in))
    return await account_by_email(session, address)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
