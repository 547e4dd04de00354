"""Practices and their providers: made, changed. A practice begins with an owner, who is invited by mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from commands.settings import save_settings
from commands.staff import Position, invite_staff
from db.ids import new_id
from db.models import Practice, Provider, ProviderCalendar
from db.tenancy import practice_of
from domain.audit import AuditKind
from domain.errors import ValidationFailed
from domain.practices import PracticeDetails, check_details, check_provider
from domain.roles import Role
from domain.states import SettingsKind

OPERATOR = "Operator"


@dataclass(frozen=True, kw_only=True)
class PracticeRow:
    practice: Practice
    providers: int


async def list_practices(session: AsyncSession) -> Sequence[PracticeRow]:
    """By name."""
    query = (
        select(Practice, func.count(Provider.id))
        .outerjoin(Provider, Provider.practice_id == Practice.id)
        .group_by(Practice.id)
        .order_by(Practice.name, Practice.id)
    )
    return [PracticeRow(practice=practice, providers=count) for practice, count in (await session.execute(query)).all()]


async def make_practice(
    session: AsyncSession, office: Office, given: Mapping[str, str], *, owner_name: str, owner_email: str
) -> Practice:
    """Without providers and without a subscription; its owner gets a mail. Raises ValidationFailed."""
    details = _checked(office, given)
    practice = Practice(
        id=new_id("prc"),
        name=details.name,
        phone=details.phone,
        email=details.email,
        country=details.country,
        created_at=await office.clock.now(session),
    )
    session.add(practice)
    await session.flush()
    who = Who(practice_id=practice.id, name=OPERATOR)
    await note(session, office, who, AuditKind.PRACTICE_MADE, practice.id)
    owner = await invite_staff(
        session, office, practice.id, name=owner_name, email=owner_email, position=Position(role=str(Role.OWNER))
    )
    await note(session, office, who, AuditKind.STAFF_INVITED, owner.id)
    return practice


async def change_practice(session: AsyncSession, office: Office, given: Mapping[str, str], who: Who) -> Practice:
    """In force with the next page and mail. Raises ValidationFailed naming each field."""
    details = _checked(office, given)
    practice = await practice_of(session, who.practice_id)
    practice.name, practice.phone = details.name, details.phone
    practice.email, practice.country = details.email, details.country
    await note(session, office, who, AuditKind.PRACTICE_CHANGED, practice.id)
    return practice


async def add_provider(session: AsyncSession, office: Office, given: Mapping[str, str], who: Who) -> Provider:
    """With a page and without hours: nobody can book before there are some. Raises ValidationFailed."""
    new = check_provider(given)
    provider_id = new_id("prv")
    made = await session.scalar(
        insert(Provider)
        .values(
            id=provider_id,
            practice_id=who.practice_id,
            slug=new.slug,
            name=new.name,
            created_at=await office.clock.now(session),
        )
        .on_conflict_do_nothing(index_elements=[Provider.slug])
        .returning(Provider.id)
    )
    if made is None:
        raise ValidationFailed.of("slug", "This address is taken already: please choose another.")
    provider = await session.get_one(Provider, provider_id)
    session.add(ProviderCalendar(provider_id=provider.id))
    await session.flush()
    hours = {"timezone": new.timezone, "weekly": [], "overrides": []}
    await save_settings(session, office, provider, SettingsKind.AVAILABILITY, hours, saved_by=who.name)
    await save_settings(session, office, provider, SettingsKind.PAGE, {"name": new.name}, saved_by=who.name)
    await note(session, office, who, AuditKind.PROVIDER_ADDED, provider.id)
    return provider


def _checked(office: Office, given: Mapping[str, str]) -> PracticeDetails:
    return check_details(given, check_email=office.checks.email, check_phone=office.checks.phone)
