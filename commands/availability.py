"""Availability and holidays: saved as versions, and which booked appointments a change would leave outside the hours.

What is booked stands, whatever the hours become: a person moves or cancels it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.waitlist_closing import take_back_closed
from db import settings_store
from db.calendar import appointments_ahead, lock_calendar
from db.holidays_store import save_holidays
from db.models import Appointment, Provider
from db.waitlist import time_freed
from domain.availability import LATER_MEMBERS, parse_availability
from domain.errors import NotFound
from domain.holidays import Holidays, parse_holidays
from domain.hours import Availability
from domain.openings import covers
from domain.stages import Actor
from domain.states import SettingsKind


@dataclass(frozen=True, kw_only=True)
class HoursPlan:
    """A change before it is saved; `closes` are appointments ahead that it leaves outside the hours."""

    document: dict[str, Any]
    closes: list[Appointment]


async def checked_availability(
    session: AsyncSession, provider: Provider, document: Mapping[str, object]
) -> Availability:
    """What came later than the contract is kept where the document doesn't name it. Raises ValidationFailed."""
    stored = (await settings_store.load(session, provider.id, SettingsKind.AVAILABILITY)).document or {}
    kept = {name: stored[name] for name in LATER_MEMBERS if name in stored and name not in document}
    return parse_availability({**document, **kept})


async def plan_availability(
    session: AsyncSession, office: Office, provider: Provider, document: Mapping[str, object]
) -> HoursPlan:
    """Raises ValidationFailed."""
    before = await settings_store.load_availability(session, provider.id)
    after = replace(await checked_availability(session, provider, document), holidays=before.holidays)
    closes = await _left_outside(session, office, provider.id, before, after)
    return HoursPlan(document=after.as_document(), closes=closes)


async def plan_holidays(
    session: AsyncSession, office: Office, practice_id: str, document: Mapping[str, object]
) -> HoursPlan:
    """Over all providers of the practice. Raises ValidationFailed."""
    holidays = parse_holidays(document)
    closes: list[Appointment] = []
    for provider_id in await session.scalars(_providers(practice_id)):
        before = await settings_store.load_availability(session, provider_id)
        after = replace(before, holidays=holidays.dates)
        closes += await _left_outside(session, office, provider_id, before, after)
    return HoursPlan(document=holidays.as_document(), closes=sorted(closes, key=lambda one: one.starts_at))


async def outside_hours(session: AsyncSession, office: Office, provider: Provider) -> list[Appointment]:
    """Appointments ahead that don't lie within the hours as they are now: booked with a reason, or before a change."""
    hours = await settings_store.load_availability(session, provider.id)
    ahead = await appointments_ahead(session, provider.id, await office.clock.now(session))
    return [one for one in ahead if not covers(hours, one.starts_at, one.ends_at)]


async def change_holidays(
    session: AsyncSession,
    office: Office,
    practice_id: str,
    document: Mapping[str, object],
    *,
    saved_by: str,
    expected_version: int | None = None,
) -> tuple[int, Holidays]:
    """The new version and what it says. Raises ValidationFailed, Conflict."""
    holidays = parse_holidays(document)
    now = await office.clock.now(session)
    providers = list(await session.scalars(_providers(practice_id)))
    for provider_id in providers:
        await lock_calendar(session, provider_id)
        hours = replace(await settings_store.load_availability(session, provider_id), holidays=holidays.dates)
        await take_back_closed(session, provider_id, hours, now, actor=Actor.STAFF)
    version = await save_holidays(
        session, practice_id, holidays, saved_by=saved_by, now=now, expected_version=expected_version
    )
    for provider_id in providers:
        await time_freed(session, provider_id, f"holidays:{version}")
    return version, holidays


def _providers(practice_id: str) -> Select[str]:
    """By id: the order in which everybody locks several calendars."""
    return select(Provider.id).where(Provider.practice_id == practice_id).order_by(Provider.id)


async def earlier_availability(session: AsyncSession, provider: Provider, version: int) -> dict[str, Any]:
    """What an earlier version said. Raises NotFound."""
    document = await settings_store.load_version(session, provider.id, SettingsKind.AVAILABILITY, version)
    if document is None:
        raise NotFound("There is no such version of the availability.")
    return document


async def _left_outside(
    session: AsyncSession, office: Office, provider_id: str, before: Availability, after: Availability
) -> list[Appointment]:
    ahead: Sequence[Appointment] = await appointments_ahead(session, provider_id, await office.clock.now(session))
    return [
        one
        for one in ahead
        if covers(before, one.starts_at, one.ends_at) and not covers(after, one.starts_at, one.ends_at)
    ]
