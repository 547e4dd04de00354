"""Choosing a time: free slots by day, a few days at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncSession

from commands.booking import free_slots
from commands.office import Office
from db.models import Client, Provider
from db.policy_store import load_policy
from domain.slots import Slot
from domain.wording import local_date
from portal.wording import zone

_DAYS_SHOWN = 5
_WINDOW = timedelta(days=60)


@dataclass(frozen=True, kw_only=True)
class DayOfSlots:
    day: date
    slots: list[Slot]


@dataclass(frozen=True, kw_only=True)
class Times:
    """`later` and `earlier` are the dates to look from next, where there is something to see."""

    days: list[DayOfSlots]
    earlier: date | None
    later: date | None


async def times_on_offer(
    session: AsyncSession, office: Office, provider: Provider, client: Client, timezone: str, wanted: str | None
) -> Times:
    """From the wanted date (ISO; today where it makes no sense) on."""
    now = await office.clock.now(session)
    today = local_date(now, timezone)
    horizon = today + timedelta(days=(await load_policy(session, provider.id, client.id)).policy.booking_horizon_days)
    start_day = min(max(_date(wanted) or today, today), horizon)
    start = max(now, datetime.combine(start_day, datetime.min.time(), tzinfo=zone(timezone)))
    slots = await free_slots(session, office, provider, start, start + _WINDOW, client)
    by_day = [
        DayOfSlots(day=day, slots=list(group))
        for day, group in groupby(slots, key=lambda slot: local_date(slot.starts_at, timezone))
    ]
    later = by_day[_DAYS_SHOWN].day if len(by_day) > _DAYS_SHOWN else None
    beyond = (start + _WINDOW).date()
    return Times(
        days=by_day[:_DAYS_SHOWN],
        earlier=max(today, start_day - timedelta(days=7)) if start_day > today else None,
        later=later or (beyond if beyond <= horizon else None),
    )


def _date(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None
