"""A provider's calendar by day and week: who comes when, what is open, and moving an appointment without dragging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.booking import free_slots
from commands.busy_calendars import busy_calendar_of
from commands.moving import may_move
from commands.office import Office
from db.busy_times import elsewhere
from db.holidays_store import load_holidays
from db.models import Appointment, Client, Provider, WaitlistOffer
from db.settings_store import load_availability
from db.tenancy import appointment_of_practice, client_of_practice, provider_by_slug
from domain.hours import Availability, Closing
from domain.openings import moment_of, openings
from domain.roles import Permission
from domain.slots import Slot
from domain.stages import Actor
from domain.wording import local_date, spoken_clock
from portal import hours_words
from portal.calendar_sheet import Entry, Sheet, midnight, sheet_of
from portal.month import sunday_first, week_of
from portal.pages.frames import StaffFrame, TheStaffFrame
from portal.pages.queries import calendar_of, kept_for_waitlist, needing_attention, providers_of
from portal.paths import with_query
from portal.rendering import spoken_until
from portal.wording import zone
from web.fields import opaque_id
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_calendar_router = APIRouter(
    prefix="/console/calendar", tags=["pages: console"], dependencies=[permitted(Permission.SEE_CLIENTS)]
)

_DAY = timedelta(days=1)
_FARTHEST = timedelta(days=1000)  # from today: what a slot search reaches


class View(StrEnum):
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """An appointment on the calendar; `attention` where one of its steps, or of its client's, waits for a person."""

    appointment: Appointment
    client: Client
    attention: bool


@dataclass(frozen=True, kw_only=True)
class Away:
    """Busy in a calendar elsewhere; nobody here knows with what."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A time that is kept for somebody of the waitlist: taken until they answer, or the offer ends."""

    offer: WaitlistOffer
    client: Client


Taken = Visit | Away | Kept
What = Taken | Slot


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the address asks for: whose calendar, which days, and an appointment to look at or to move."""

    provider: Provider
    view: View
    on: date
    days: tuple[date, ...]
    today: date
    chosen: Appointment | None
    moving: bool

    @property
    def step(self) -> timedelta:
        return len(self.days) * _DAY

    def link(self, on: date | None = None, view: View | None = None, chosen: str | None = None) -> str:
        """Another day or view; an appointment that is being moved goes along, one that is looked at if it is named."""
        path = with_query(
            "/console/calendar",
            provider=self.provider.slug,
            view=str(view or self.view),
            on=(on or self.on).isoformat(),
            chosen=chosen,
            moving=self.chosen.id if self.chosen is not None and self.moving and chosen is None else None,
        )
        return f"{path}#chosen" if chosen else path

    def move_link(self, appointment: Appointment) -> str:
        query = {"provider": self.provider.slug, "view": str(self.view), "on": self.on.isoformat()}
        return with_query("/console/calendar", **query, moving=appointment.id)

    def confirm_link(self, slot: Slot | None = None) -> str:
        """To the page on which the move is confirmed, with the time that was picked here."""
        assert self.chosen is not None
        at = slot.starts_at.isoformat() if slot else None
        return with_query(f"/console/appointments/{self.chosen.id}/move", at=at, back=str(self.view))


@console_calendar_router.get("", summary="A provider's calendar, by day or week")
async def calendar_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    provider: Annotated[str | None, Query(max_length=100)] = None,
    view: Annotated[str | None, Query(max_length=10)] = None,
    on: Annotated[str | None, Query(max_length=40)] = None,
    chosen: Annotated[str | None, Query(max_length=100)] = None,
    moving: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """`chosen` is an appointment to look at, `moving` one for which a time is looked for."""
    providers = await providers_of(session, frame.staff.reach)
    if not providers:
        return frame.render("console/calendar.html", shown=None, providers=[])
    about = moving or chosen
    appointment = await appointment_of_practice(session, frame.staff.reach, opaque_id(about)) if about else None
    whose = await _whose(session, frame, providers, provider, appointment)
    hours = await load_availability(session, whose.id)
    now = await office.clock.now(session)
    today = local_date(now, hours.timezone)
    day = _day(on, today) or (local_date(appointment.starts_at, hours.timezone) if appointment else today)
    day = min(max(day, today - _FARTHEST), today + _FARTHEST)
    wanted = View.DAY if view == View.DAY else View.WEEK
    shown = Shown(
        provider=whose,
        view=wanted,
        on=day,
        days=_days(day, wanted, sunday=sunday_first(frame.practice.country)),
        today=today,
        chosen=appointment,
        moving=moving is not None,
    )
    context = await _context(session, office, frame, shown, hours, now)
    return frame.render("console/calendar.html", shown=shown, providers=providers, **context)


async def _whose(
    session: AsyncSession,
    frame: StaffFrame,
    providers: Sequence[Provider],
    slug: str | None,
    appointment: Appointment | None,
) -> Provider:
    """Whose calendar: that of the appointment, else the one that is named, else the first."""
    if appointment is not None:
        return next(one for one in providers if one.id == appointment.provider_id)
    return await provider_by_slug(session, opaque_id(slug), frame.staff.reach) if slug else providers[0]


def _day(text: str | None, today: date) -> date | None:
    """What was typed, where it is a date."""
    if text == "today":
        return today
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _days(on: date, view: View, *, sunday: bool) -> tuple[date, ...]:
    if view is View.DAY:
        return (on,)
    first = week_of(on, sunday_first=sunday)
    return tuple(first + index * _DAY for index in range(7))


async def _context(
    session: AsyncSession, office: Office, frame: StaffFrame, shown: Shown, hours: Availability, now: datetime
) -> dict[str, Any]:
    start, end = midnight(shown.days[0], hours.zone), midnight(shown.days[-1] + _DAY, hours.zone)
    found = await calendar_of(session, shown.provider.id, start, end)
    worried = await needing_attention(session, [appointment for appointment, _ in found])
    visits = [Visit(appointment=one, client=client, attention=one.id in worried) for one, client in found]
    client = decision = None
    slots: list[Slot] = []
    offered = await kept_for_waitlist(session, shown.provider.id, start, end)
    kept = [Kept(offer=offer, client=theirs) for offer, theirs in offered]
    away = [Away(start=one.start, end=one.end) for one in await elsewhere(session, shown.provider.id, start, end)]
    if shown.chosen is not None:
        client = await client_of_practice(session, frame.staff.reach, shown.chosen.client_id)
        decision = await may_move(session, office, shown.chosen, Actor.STAFF)
        if shown.moving and decision.allowed and end > now:
            slots = await free_slots(session, office, shown.provider, max(start, now), end, client, moving=shown.chosen)
    return {
        "sheet": _sheet(shown, hours, [*visits, *kept, *away], slots, now),
        "busy": await busy_calendar_of(session, office, shown.provider.id),
        "visits": visits,
        "slots": slots,
        "hours": {day: _said(hours, day) for day in shown.days},
        "closings": await _closings(session, frame, hours, shown.days),
        "timezone": hours.timezone,
        "start": start,
        "client": client,
        "decision": decision,
        "now": now,
        "until": lambda ends: _until(ends, hours.timezone, now),
        "attention": shown.chosen is not None and bool(await needing_attention(session, [shown.chosen])),
        "clocks": lambda begins, ends, exact: _clocks(begins, ends, hours.timezone, exact=exact),
        "words_of": hours_words,
    }


def _sheet(
    shown: Shown, hours: Availability, taken: Sequence[Taken], slots: Sequence[Slot], now: datetime
) -> Sheet[What]:
    entries: list[Entry[What]] = [_entry(one) for one in taken]
    moving = shown.chosen
    free = [one for one in slots if moving is None or one.starts_at != moving.starts_at]
    for index, slot in enumerate(free):
        # As long as until the next one: they are starts to choose from.
        ends = min(slot.ends_at, free[index + 1].starts_at) if index + 1 < len(free) else slot.ends_at
        entries.append(Entry(start=slot.starts_at, end=ends, what=slot))
    opened = [(moment_of(start), moment_of(end)) for start, end in openings(hours, shown.days[0], shown.days[-1])]
    return sheet_of(shown.days, hours.zone, entries, opened, now)


def _entry(taken: Taken) -> Entry[What]:
    if isinstance(taken, Away):
        return Entry(start=taken.start, end=taken.end, what=taken)
    time = taken.appointment if isinstance(taken, Visit) else taken.offer
    return Entry(start=time.starts_at, end=time.ends_at, what=taken)


async def _closings(
    session: AsyncSession, frame: StaffFrame, hours: Availability, days: Sequence[date]
) -> dict[date, str]:
    """Why a day is closed, in words; the note of a time off is for those who may change the hours."""
    named = {one.date: one.name for one in (await load_holidays(session, frame.practice.id))[1].days}
    found: dict[date, str] = {}
    for day in days:
        closing = hours.closing(day)
        if closing is Closing.HOLIDAY:
            found[day] = f"Holiday: {named.get(day, '')}".rstrip(": ")
        elif closing is Closing.TIME_OFF:
            note = next((one.note for one in hours.time_off if one.first_day <= day <= one.last_day), "")
            seen = note if note and frame.staff.may(Permission.CHANGE_PROVIDER) else ""
            found[day] = f"Time off: {seen}" if seen else "Time off"
    return found


def _said(hours: Availability, day: date) -> str:
    intervals = hours.on(day)
    return f"Open {hours_words.hours(intervals)}" if intervals else hours_words.CLOSED


def _until(ends: datetime, timezone: str, now: datetime) -> str:
    """The clock alone, where it is today: the page says the zone."""
    today = local_date(ends, timezone) == local_date(now, timezone)
    return spoken_clock(ends, timezone) if today else spoken_until(ends, timezone, now)


def _clocks(start: datetime, end: datetime, timezone: str, *, exact: bool) -> str:
    """ "9:00 AM to 9:50 AM"; with the zone's short name (`exact`) on a day on which the clock is changed."""
    first, last = (spoken_clock(moment, timezone) for moment in (start, end))
    if exact:
        first, last = (
            f"{said} {moment.astimezone(zone(timezone)):%Z}" for said, moment in ((first, start), (last, end))
        )
    return f"{first} to {last}"
