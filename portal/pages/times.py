"""Choosing a time: a month's free days, a day's or a week's times, and where to look next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from commands.booking import free_slots
from commands.office import Office
from db.models import Appointment, Client, Practice, Provider
from db.policy_store import load_policy
from domain.slots import Slot, nearest
from domain.wording import local_date, spoken_clock
from portal.month import Month, month_of, sunday_first, week_of
from portal.zones import clock_beside, same_clock

_DAY = timedelta(days=1)
_CHUNK = timedelta(days=60)  # of days that are searched at once
_ALTERNATIVES = 4


class View(StrEnum):
    MONTH = "month"  # one day's times beside the month
    WEEK = "week"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the address asks for: a day (ISO; the first free one where it makes no sense), and how much of it."""

    on: date | None = None
    view: View = View.MONTH

    @classmethod
    def of(cls, on: str | None, view: str | None) -> Wanted:
        try:
            day = date.fromisoformat(on) if on else None
        except ValueError:
            day = None
        return cls(on=day, view=View.WEEK if view == View.WEEK else View.MONTH)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A slot as it is said: the clock of the reader's zone, and beside it the provider's where that differs."""

    slot: Slot
    label: str
    beside: str | None


@dataclass(frozen=True, kw_only=True)
class DayOfTimes:
    day: date
    choices: list[Choice]


@dataclass(frozen=True, kw_only=True)
class Picker:
    """`shown` is the chosen day, or the first of the chosen week; `free` are the days of the month with free times.

    `address` makes the address of another day or view of the same picker.
    """

    address: Callable[[date, View], str]
    zone: str
    there: str | None  # the provider's zone, where its clock shows something else
    view: View
    today: date
    horizon: date
    shown: date
    month: Month
    free: frozenset[date]
    days: list[DayOfTimes]
    earlier: date | None
    later: date | None
    next_free: date | None
    alternatives: list[Choice]

    @property
    def last_shown(self) -> date:
        return self.shown if self.view is View.MONTH else self.shown + 6 * _DAY

    @property
    def sample(self) -> datetime:
        """A moment whose zone's short name is said."""
        return datetime.combine(self.shown, datetime.min.time(), tzinfo=ZoneInfo(self.zone)) + timedelta(hours=12)

    def link(self, day: date, view: str | None = None) -> str:
        return f"{self.address(day, View(view) if view else self.view)}#times"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Whose times are offered, to whom, on which clock; `moving` is an appointment that gets a new time; else
    it is a type of appointment that is booked, the provider's default where none is named.
    """

    practice: Practice
    provider: Provider
    client: Client
    provider_zone: str
    zone: str
    type_id: str | None = None
    moving: Appointment | None = None


async def pick(
    session: AsyncSession,
    office: Office,
    offer: Offer,
    wanted: Wanted,
    address: Callable[[date, View], str],
    *,
    refused: datetime | None = None,
) -> Picker:
    """The picker for the wanted day; `refused` is a time that was taken meanwhile: the nearest others are offered."""
    search = await _Search.begin(session, office, offer)
    sunday = sunday_first(offer.practice.country)
    on = wanted.on or (local_date(refused, offer.zone) if refused else None) or await search.first_free(search.today)
    on = min(max(on or search.today, search.today), search.horizon)
    shown = on if wanted.view is View.MONTH else week_of(on, sunday_first=sunday)
    last = shown if wanted.view is View.MONTH else shown + 6 * _DAY
    month = month_of(on, sunday_first=sunday)
    slots = await search.between(min(month.first, shown), max(month.last, last))
    by_day = {day: list(group) for day, group in groupby(slots, key=lambda one: local_date(one.starts_at, offer.zone))}
    return Picker(
        address=address,
        zone=offer.zone,
        there=None if same_clock(offer.zone, offer.provider_zone, search.noon(on)) else offer.provider_zone,
        view=wanted.view,
        today=search.today,
        horizon=search.horizon,
        shown=shown,
        month=month,
        free=frozenset(day for day in by_day if month.first <= day <= month.last),
        days=[DayOfTimes(day=day, choices=said(found, offer)) for day, found in by_day.items() if shown <= day <= last],
        earlier=await search.last_free(shown - _DAY),
        later=await search.first_free(last + _DAY),
        next_free=await search.first_free(search.today),
        alternatives=await _alternatives(search, offer, refused) if refused else [],
    )


async def _alternatives(search: _Search, offer: Offer, refused: datetime) -> list[Choice]:
    day = min(max(local_date(refused, offer.zone), search.today), search.horizon)
    around = await search.between(day - 14 * _DAY, day + 14 * _DAY)
    return said(nearest(around, refused, _ALTERNATIVES), offer, with_day=True)


def said(slots: Sequence[Slot], offer: Offer, *, with_day: bool = False) -> list[Choice]:
    """Each slot's label; where the clock shows a time twice (it was set back), the zone's short name tells which."""
    clocks = [spoken_clock(one.starts_at, offer.zone) for one in slots]
    return [
        _choice(one, offer, ambiguous=clocks.count(clock) > 1, with_day=with_day)
        for one, clock in zip(slots, clocks, strict=True)
    ]


def _choice(slot: Slot, offer: Offer, *, ambiguous: bool, with_day: bool) -> Choice:
    here = slot.starts_at.astimezone(ZoneInfo(offer.zone))
    label = spoken_clock(slot.starts_at, offer.zone)
    if with_day:
        label = f"{here:%a, %b} {here.day}, {label}"
    elif ambiguous:
        label = f"{label} {here:%Z}"
    return Choice(slot=slot, label=label, beside=clock_beside(slot.starts_at, offer.zone, offer.provider_zone))


class _Search:
    """Free slots by days of the reader's zone, between today and the horizon."""

    def __init__(self, session: AsyncSession, office: Office, offer: Offer, now: datetime, horizon_days: int) -> None:
        self._session = session
        self._office = office
        self._offer = offer
        self._now = now
        self._near: list[Slot] | None = None  # those of the next days: what most pages show
        self.today = local_date(now, offer.zone)
        # Whole days at the provider's, so that one more may have begun where the reader is.
        self.horizon = local_date(now, offer.provider_zone) + (horizon_days + 1) * _DAY

    @classmethod
    async def begin(cls, session: AsyncSession, office: Office, offer: Offer) -> _Search:
        policy = (await load_policy(session, offer.provider.id, offer.client.id)).policy
        return cls(session, office, offer, await office.clock.now(session), policy.booking_horizon_days)

    def noon(self, day: date) -> datetime:
        return self._midnight(day) + timedelta(hours=12)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, datetime.min.time(), tzinfo=ZoneInfo(self._offer.zone))

    async def between(self, first: date, last: date) -> list[Slot]:
        """By start, those of the days from `first` to `last`."""
        first, last = max(first, self.today), min(last, self.horizon)
        if last > self.today + _CHUNK:
            return await self._read(first, last)
        if self._near is None:
            self._near = await self._read(self.today, self.today + _CHUNK)
        return [one for one in self._near if first <= local_date(one.starts_at, self._offer.zone) <= last]

    async def _read(self, first: date, last: date) -> list[Slot]:
        start = max(self._now, self._midnight(first))
        end = self._midnight(min(last, self.horizon) + _DAY)
        if end <= start:
            return []
        moving = self._offer.moving
        slots = await free_slots(
            self._session,
            self._office,
            self._offer.provider,
            start,
            end,
            self._offer.client,
            type_id=self._offer.type_id,
            moving=moving,
        )
        return [one for one in slots if moving is None or one.starts_at != moving.starts_at]

    async def first_free(self, day: date) -> date | None:
        """The first day from `day` on that has a free time."""
        while day <= self.horizon:
            slots = await self.between(day, day + _CHUNK)
            if slots:
                return local_date(slots[0].starts_at, self._offer.zone)
            day += _CHUNK + _DAY
        return None

    async def last_free(self, day: date) -> date | None:
        """The last day up to `day` that has a free time."""
        while day >= self.today:
            slots = await self.between(day - _CHUNK, day)
            if slots:
                return local_date(slots[-1].starts_at, self._offer.zone)
            day -= _CHUNK + _DAY
        return None
