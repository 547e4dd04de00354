"""Staff of a practice: invited by mail, given a role, taken in and out. There is always an owner who can sign in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commands.accounts import ResetPurpose, SessionKind, mail_password_link
from commands.office import Office
from db.ids import new_id
from db.models import PasswordReset, Practice, Provider, StaffMember, WebSession
from domain.errors import Conflict, FieldError, NotFound, ValidationFailed
from domain.roles import Role

_INVITATION_LIVES = timedelta(days=7)
_LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Position:
    """A role, and for a provider whose sign-in it is (the provider's slug)."""

    role: str
    provider: str | None = None


@dataclass(frozen=True, kw_only=True)
class StaffRow:
    member: StaffMember
    provider: Provider | None
    invited_until: datetime | None  # of an invitation that isn't accepted


async def staff_of(session: AsyncSession, practice_id: str) -> list[StaffRow]:
    """Everybody, those who can sign in first, by name."""
    query = (
        select(StaffMember, Provider)
        .outerjoin(Provider, Provider.id == StaffMember.provider_id)
        .where(StaffMember.practice_id == practice_id)
        .order_by(StaffMember.deactivated_at.is_not(None), StaffMember.name, StaffMember.id)
    )
    until = select(PasswordReset.subject_id, func.max(PasswordReset.expires_at).label("until")).where(
        PasswordReset.kind == str(SessionKind.STAFF), PasswordReset.purpose == str(ResetPurpose.INVITATION)
    )
    ends = {row.subject_id: row.until for row in await session.execute(until.group_by(PasswordReset.subject_id))}
    return [
        StaffRow(
            member=member,
            provider=provider,
            invited_until=ends.get(member.id) if member.password_hash is None else None,
        )
        for member, provider in (await session.execute(query)).all()
    ]


async def member_of(session: AsyncSession, practice_id: str, staff_id: str) -> StaffMember:
    """The locked row. Raises NotFound."""
    query = select(StaffMember).where(StaffMember.id == staff_id, StaffMember.practice_id == practice_id)
    member = await session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if member is None:
        raise NotFound("There is nobody of that name at this practice.")
    return member


async def invite_staff(
    session: AsyncSession, office: Office, practice_id: str, *, name: str, email: str, position: Position
) -> StaffMember:
    """A row without a password, and a mail whose link sets it. Raises ValidationFailed naming each field."""
    errors: list[FieldError] = []
    address = ""
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        errors.append(FieldError(field="name", message="Please enter a name of at most 100 characters."))
    try:
        address = office.checks.email(email).lower()
    except ValueError as error:
        errors.append(FieldError(field="email", message=str(error)))
    if errors:
        raise ValidationFailed(errors)
    role, provider_id = await _position(session, practice_id, position)
    if await session.scalar(select(StaffMember.id).where(StaffMember.email == address)) is not None:
        raise ValidationFailed.of("email", "This address has a sign-in already.")
    member = StaffMember(
        id=new_id("stf"),
        practice_id=practice_id,
        email=address,
        name=name,
        role=str(role),
        provider_id=provider_id,
        password_hash=None,
        created_at=await office.clock.now(session),
    )
    session.add(member)
    await session.flush()
    await _mail_invitation(session, office, member)
    return member


async def invite_staff_again(session: AsyncSession, office: Office, member: StaffMember) -> None:
    """A new link; the earlier ones stop working. Raises Conflict once it has been accepted."""
    if member.password_hash is not None:
        raise Conflict("This invitation has been accepted.")
    if member.deactivated_at is not None:
        raise Conflict("This invitation was taken back. Let them in again first.")
    await _mail_invitation(session, office, member)


async def _mail_invitation(session: AsyncSession, office: Office, member: StaffMember) -> None:
    await _end_links(session, member)
    await mail_password_link(
        session, office, SessionKind.STAFF, member.id, purpose=ResetPurpose.INVITATION, lives=_INVITATION_LIVES
    )


async def change_position(session: AsyncSession, member: StaffMember, position: Position) -> None:
    """Another role, in force with the next request. Raises Conflict when nobody could manage staff any more."""
    role, provider_id = await _position(session, member.practice_id, position)
    if role is not Role.OWNER:
        await _keep_an_owner(session, member)
    member.role, member.provider_id = str(role), provider_id


async def deactivate(session: AsyncSession, office: Office, member: StaffMember) -> None:
    """No signing in any more; sessions and links end at once. What they did stays."""
    await _keep_an_owner(session, member)
    member.deactivated_at = await office.clock.now(session)
    await session.execute(delete(WebSession).where(WebSession.subject_id == member.id))
    await _end_links(session, member)


async def reactivate(session: AsyncSession, office: Office, member: StaffMember) -> None:
    if member.deactivated_at is None:
        return
    member.deactivated_at = None
    if member.password_hash is None:
        await _mail_invitation(session, office, member)


async def _position(session: AsyncSession, practice_id: str, position: Position) -> tuple[Role, str | None]:
    """Raises ValidationFailed."""
    try:
        role = Role(position.role)
    except ValueError:
        raise ValidationFailed.of("role", "Please choose a role.") from None
    if role is not Role.PROVIDER:
        return role, None
    query = select(Provider.id).where(Provider.slug == (position.provider or ""), Provider.practice_id == practice_id)
    provider_id = await session.scalar(query)
    if provider_id is None:
        raise ValidationFailed.of("provider", "Please choose which provider this is.")
    return role, provider_id


async def _keep_an_owner(session: AsyncSession, member: StaffMember) -> None:
    """Under the practice's lock: two owners who remove each other at once don't both succeed."""
    if member.role != Role.OWNER:
        return
    await session.execute(select(Practice.id).where(Practice.id == member.practice_id).with_for_update())
    others: Sequence[str] = list(
        await session.scalars(
            select(StaffMember.id).where(
                StaffMember.practice_id == member.practice_id,
                StaffMember.id != member.id,
                StaffMember.role == str(Role.OWNER),
                StaffMember.password_hash.is_not(None),
                StaffMember.deactivated_at.is_(None),
            )
        )
    )
    if not others:
        raise Conflict("The practice needs an owner who can sign in. Make somebody else an owner first.")


async def _end_links(session: AsyncSession, member: StaffMember) -> None:
    """Links that were mailed stop working; a mail that isn't out yet stays unsent."""
    ended = update(PasswordReset).values(expires_at=PasswordReset.created_at)
    of_member = PasswordReset.subject_id == member.id, PasswordReset.kind == str(SessionKind.STAFF)
    await session.execute(ended.where(*of_member, PasswordReset.used_at.is_(None)))
