"""A provider's calendar elsewhere: added once it could be read, read again when somebody asks, removed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.busy_calendars import keep
from commands.audit import Who, note
from commands.office import Office
from commands.rate_limits import CALENDARS_PER_PROVIDER, count_request
from db.busy_times import forget_copy, settle_failure
from db.models import BusyCalendar, BusyTime, Provider
from db.settings_store import load_availability
from db.waitlist import time_freed
from domain.audit import AuditKind
from domain.busy_calendars import Known, Unreadable, calendar_address, is_old
from domain.errors import Conflict, ValidationFailed


@dataclass(frozen=True, kw_only=True)
class BusyCalendarView:
    """How reading it goes; `ahead` counts the busy times to come, `old` says that the copy can't be relied on."""

    row: BusyCalendar
    ahead: int
    old: bool
    failure: Unreadable | None


async def busy_calendar_of(session: AsyncSession, office: Office, provider_id: str) -> BusyCalendarView | None:
    row = await session.get(BusyCalendar, provider_id)
    if row is None:
        return None
    now = await office.clock.now(session)
    query = select(func.count()).where(BusyTime.provider_id == provider_id, BusyTime.ends_at > now)
    return BusyCalendarView(
        row=row,
        ahead=(await session.scalar(query)) or 0,
        old=is_old(row.read_at, now),
        failure=Unreadable(row.failure) if row.failure else None,
    )


async def add_busy_calendar(office: Office, provider: Provider, typed: str, who: Who) -> None:
    """In place of the one that is there. It is read first: what can't be read isn't kept.

    Raises ValidationFailed naming `address`, CalendarUnreadable and RateLimited.
    """
    address = calendar_address(typed, local=office.busy_calendars.local)
    if urlsplit(address).hostname == urlsplit(office.base_url).hostname and "/calendar/" in address:
        raise ValidationFailed.of("address", "is that of a calendar of ours; appointments here block time anyway")
    await count_request(office.database, (CALENDARS_PER_PROVIDER, provider.id))
    async with office.database.transaction() as session:
        now = await office.clock.now(session)
        zone = (await load_availability(session, provider.id)).timezone
    copy = await office.busy_calendars.look(address, zone, now, Known())
    key = office.vault.new_data_key()
    async with office.database.transaction() as session:
        row = await session.merge(
            BusyCalendar(
                provider_id=provider.id,
                wrapped_key=key,
                sealed_address=office.vault.seal(key, address.encode(), provider.id),
                host=urlsplit(address).hostname or "",
                added_at=now,
                asked_at=now,
                read_at=now,
                whole_at=now,
                zone=zone,
                etag=None,
                last_modified=None,
                failing_since=None,
                failure=None,
                told_at=None,
            )
        )
        await keep(session, row, copy)
        await note(session, office, who, AuditKind.BUSY_CALENDAR_ADDED, provider.id)


async def look_again(office: Office, provider: Provider) -> Unreadable | None:
    """Why it can't be read, if so. Raises Conflict (there is none) and RateLimited."""
    await count_request(office.database, (CALENDARS_PER_PROVIDER, provider.id))
    async with office.database.transaction() as session:
        if await session.get(BusyCalendar, provider.id) is None:
            raise Conflict("There is no calendar to look at.")
    return await office.busy_calendars.look_again(provider.id)


async def remove_busy_calendar(session: AsyncSession, office: Office, provider: Provider, who: Who) -> None:
    """Its busy times block nothing any more."""
    row = await session.get(BusyCalendar, provider.id, with_for_update=True)
    if row is None:
        return
    await session.delete(row)
    await forget_copy(session, provider.id)
    now = await office.clock.now(session)
    await settle_failure(session, provider.id, now)
    await time_freed(session, provider.id, f"calendar-removed:{now:%Y%m%d%H%M%S}")
    await note(session, office, who, AuditKind.BUSY_CALENDAR_REMOVED, provider.id)
