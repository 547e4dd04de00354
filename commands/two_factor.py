"""The second factor of staff: turned on with a code, asked for at each sign-in, with codes for a lost phone."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accounts import SessionKind, SignedIn, sign_out, staff_signed_in, who_is, who_of
from commands.audit import note
from commands.office import Office
from commands.rate_limits import CODES_PER_MEMBER, check_limit, count_request
from db.models import RecoveryCode, StaffMember, WebSession
from domain.audit import AuditKind
from domain.errors import Conflict, Unauthorized, ValidationFailed

_RECOVERY_CODES = 10
_WRONG = "This code isn't right, or has been used. Please wait for the next one."


async def begin_enrolment(session: AsyncSession, office: Office, member: StaffMember) -> str:
    """A secret for the app; nothing is asked for until a code has proved that the app has it.

    Shown again until then, so that reloading the page doesn't spoil what was scanned. Raises Conflict once it is on.
    """
    if member.totp_since is not None:
        raise Conflict("Two-factor sign-in is on already.")
    if member.totp_wrapped_key is None:
        member.totp_wrapped_key = office.vault.new_data_key()
        secret = office.second_factor.new_secret()
        member.totp_sealed_secret = office.vault.seal(member.totp_wrapped_key, secret.encode(), member.id)
        return secret
    return _secret(office, member)


async def confirm_enrolment(session: AsyncSession, office: Office, member: StaffMember, code: str) -> list[str]:
    """Turn it on; the recovery codes, which nobody sees again. Raises ValidationFailed for a wrong code."""
    if member.totp_since is not None or member.totp_wrapped_key is None:
        raise Conflict("Please begin again.")
    now = datetime.now(UTC)
    step = office.second_factor.step_of(_secret(office, member), code, now, after=0)
    if step is None:
        raise ValidationFailed.of("code", "This code isn't right. Please type the one that the app shows now.")
    member.totp_since, member.totp_last_step = now, step
    return await new_recovery_codes(session, member)


async def new_recovery_codes(session: AsyncSession, member: StaffMember) -> list[str]:
    """Ten new ones; the old ones are gone."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(_RECOVERY_CODES)]
    session.add_all([RecoveryCode(staff_id=member.id, code_hash=_hash(code)) for code in codes])
    return codes


async def turn_off(session: AsyncSession, member: StaffMember) -> None:
    """Forget secret and recovery codes."""
    member.totp_wrapped_key = member.totp_sealed_secret = member.totp_since = member.totp_last_step = None
    await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))


async def codes_left(session: AsyncSession, member: StaffMember) -> int:
    query = select(func.count()).where(RecoveryCode.staff_id == member.id, RecoveryCode.used_at.is_(None))
    return (await session.scalar(query)) or 0


async def complete_sign_in(
    office: Office, half: str | None, code: str, *, remote_address: str, device: str | None
) -> SignedIn:
    """From the right password to the session, by the app's code or a recovery code.

    Raises Unauthorized (too late: sign in again), ValidationFailed (a wrong code) and RateLimited.
    """
    async with office.database.statements() as session:
        staff_id = await who_is(session, SessionKind.STAFF_CODE, half)
    if staff_id is None:
        raise Unauthorized("Please sign in again.")
    await check_limit(office.database, CODES_PER_MEMBER, staff_id)
    if not await _accepted(office, staff_id, code, remote_address):
        await count_request(office.database, (CODES_PER_MEMBER, staff_id))
        raise ValidationFailed.of("code", _WRONG)
    async with office.database.transaction() as session:
        await sign_out(session, half)
    return await staff_signed_in(office, staff_id, remote_address=remote_address, device=device)


async def _accepted(office: Office, staff_id: str, code: str, address: str) -> bool:
    """Under the member's lock: the same code at the same time is good once."""
    async with office.database.transaction() as session:
        member = await session.get(StaffMember, staff_id, with_for_update=True)
        if member is None or member.deactivated_at is not None:
            return False
        if await matches(session, office, member, code, address):
            return True
        await note(session, office, who_of(member, address), AuditKind.SIGN_IN_FAILED)
        return False


async def matches(session: AsyncSession, office: Office, member: StaffMember, code: str, address: str | None) -> bool:
    """Does the code prove who the locked member is? It is used up by that."""
    if member.totp_since is None:
        return False
    last = member.totp_last_step or 0
    step = office.second_factor.step_of(_secret(office, member), code, datetime.now(UTC), after=last)
    if step is not None:
        member.totp_last_step = step
        return True
    used = (
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == member.id,
            RecoveryCode.code_hash == _hash(code.strip().lower()),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=datetime.now(UTC))
        .returning(RecoveryCode.code_hash)
    )
    if await session.scalar(used) is None:
        return False
    await note(session, office, who_of(member, address), AuditKind.RECOVERY_CODE_USED)
    return True


async def end_sessions(session: AsyncSession, kind: SessionKind, subject_id: str, *, but: str | None = None) -> None:
    """Sign out everywhere; `but` is the hash of the session that stays."""
    query = delete(WebSession).where(WebSession.subject_id == subject_id, WebSession.kind == str(kind))
    await session.execute(query.where(WebSession.token_hash != but) if but is not None else query)


def _secret(office: Office, member: StaffMember) -> str:
    assert member.totp_wrapped_key is not None
    assert member.totp_sealed_secret is not None
    return office.vault.open(member.totp_wrapped_key, member.totp_sealed_secret, member.id).decode()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
