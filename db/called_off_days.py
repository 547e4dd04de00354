"""Days that were called off: who has asked what, which appointments wait, and what has become of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import EventKind, called_off_subject, record_event
from db.models import Appointment, CalledOffAppointment, CalledOffDays, Client, Provider, WaitlistOffer
from domain.called_off_days import CallingOff, Fate, Instead, PartState, Phase, phase
from domain.errors import NotFound
from domain.hours import DayInterval
from domain.roles import Reach
from domain.states import BLOCKING
from domain.stretches import Closing, DayStretch, Hours
from domain.waitlist import OfferState

_MOST_SHOWN = 50
_WAITING = CalledOffAppointment.state == str(PartState.WAITING)


@dataclass(frozen=True, kw_only=True)
class CalledOff:
    """Days that were called off, as a list shows them."""

    row: CalledOffDays
    provider: Provider
    total: int
    waiting: int

    @property
    def phase(self) -> Phase:
        row = self.row
        return phase(undone_at=row.undone_at, stopped_at=row.stopped_at, begun_at=row.begun_at, waiting=self.waiting)


def asked_of(row: CalledOffDays) -> CallingOff:
    part = None
    if row.from_minute is not None and row.to_minute is not None:
        part = DayInterval(start=row.from_minute, end=row.to_minute)
    return CallingOff(
        days=DayStretch(first_day=row.first_day, last_day=row.last_day, part=part),
        instead=Instead(row.instead),
        reason=row.reason,
        words=row.words,
        within_days=row.within_days,
    )


def closing_document(closing: Closing | None) -> dict[str, Any] | None:
    if closing is None:
        return None
    return {
        "before": None if closing.before is None else [[one.start, one.end] for one in closing.before],
        "after": [[one.start, one.end] for one in closing.after],
    }


def closing_of(row: CalledOffDays) -> Closing | None:
    if row.closing is None:
        return None
    before = row.closing["before"]
    return Closing(before=None if before is None else _hours(before), after=_hours(row.closing["after"]))


def _hours(pairs: list[list[int]]) -> Hours:
    return tuple(DayInterval(start=start, end=end) for start, end in pairs)


async def called_off_of(
    session: AsyncSession, reach: Reach, called_off_id: str, *, provider_id: str | None = None, lock: bool = False
) -> CalledOffDays:
    """Raises NotFound."""
    query = select(CalledOffDays).where(CalledOffDays.id == called_off_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(query)
    if row is None or not reach.covers(row.practice_id, row.provider_id) or provider_id not in (None, row.provider_id):
        raise NotFound("No such days were called off.")
    return row


async def have_called_off_run(session: AsyncSession, row: CalledOffDays, *, source: str, external_id: str) -> None:
    """Its run is started, unless it is there already: the records say how far it has come."""
    await record_event(
        session,
        source=source,
        tenant=row.practice_id,
        external_id=external_id,
        kind=EventKind.DAYS_CALLED_OFF,
        subject=called_off_subject(row.id),
        payload={"called_off_id": row.id, "runs_at": row.runs_at.isoformat()},
    )


async def newest_called_off(
    session: AsyncSession, reach: Reach, *, provider_id: str | None = None, only: str | None = None
) -> list[CalledOff]:
    """The last fifty, newest first; of one provider, or one of them, where that is asked."""
    query = (
        select(
            CalledOffDays,
            Provider,
            func.count(CalledOffAppointment.position),
            func.count(CalledOffAppointment.position).filter(_WAITING),
        )
        .join(Provider, Provider.id == CalledOffDays.provider_id)
        .outerjoin(CalledOffAppointment, CalledOffAppointment.called_off_id == CalledOffDays.id)
        .where(CalledOffDays.practice_id == reach.practice_id)
    )
    for wanted, column in (
        (reach.provider_id, CalledOffDays.provider_id),
        (provider_id, CalledOffDays.provider_id),
        (only, CalledOffDays.id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    query = query.group_by(CalledOffDays.id, Provider.id).order_by(CalledOffDays.created_at.desc(), CalledOffDays.id)
    rows = (await session.execute(query.limit(_MOST_SHOWN))).tuples()
    return [CalledOff(row=row, provider=provider, total=total, waiting=left) for row, provider, total, left in rows]


async def parts_of(session: AsyncSession, called_off_id: str) -> list[tuple[CalledOffAppointment, Client]]:
    """By the appointments' start."""
    query = select(CalledOffAppointment, Client).join(Client, Client.id == CalledOffAppointment.client_id)
    query = query.where(CalledOffAppointment.called_off_id == called_off_id).order_by(CalledOffAppointment.position)
    return [(part, client) for part, client in (await session.execute(query)).tuples()]


async def still_open(session: AsyncSession, provider_id: str, start: datetime, end: datetime) -> CalledOffDays | None:
    """Days of the provider's that are being called off and touch these."""
    waits = select(CalledOffAppointment.position).where(
        CalledOffAppointment.called_off_id == CalledOffDays.id, _WAITING
    )
    query = select(CalledOffDays).where(
        CalledOffDays.provider_id == provider_id,
        CalledOffDays.undone_at.is_(None),
        CalledOffDays.stopped_at.is_(None),
        CalledOffDays.starts_at < end,
        CalledOffDays.ends_at > start,
        or_(CalledOffDays.begun_at.is_(None), waits.exists()),
    )
    return await session.scalar(query.limit(1))


async def touching(session: AsyncSession, provider_id: str, start: datetime, end: datetime) -> list[Appointment]:
    """Held, pending and booked appointments that touch the time, by start."""
    query = select(Appointment).where(
        Appointment.provider_id == provider_id,
        Appointment.status.in_([str(status) for status in BLOCKING]),
        Appointment.starts_at < end,
        Appointment.ends_at > start,
    )
    return list(await session.scalars(query.order_by(Appointment.starts_at, Appointment.id)))


async def offered_in(session: AsyncSession, provider_id: str, start: datetime, end: datetime) -> list[WaitlistOffer]:
    """Times that are kept for people of the waitlist right now: nobody is moved there."""
    query = select(WaitlistOffer).where(
        WaitlistOffer.provider_id == provider_id,
        WaitlistOffer.state == str(OfferState.OPEN),
        WaitlistOffer.starts_at < end,
        WaitlistOffer.ends_at > start,
    )
    return list(await session.scalars(query))


async def waiting_in(session: AsyncSession, called_off_id: str) -> int:
    query = select(func.count()).where(CalledOffAppointment.called_off_id == called_off_id, _WAITING)
    return (await session.scalar(query)) or 0


async def next_waiting(session: AsyncSession, called_off_id: str) -> CalledOffAppointment | None:
    query = select(CalledOffAppointment).where(CalledOffAppointment.called_off_id == called_off_id, _WAITING)
    return await session.scalar(query.order_by(CalledOffAppointment.position).limit(1))


async def still_waiting(session: AsyncSession, part: CalledOffAppointment) -> CalledOffAppointment | None:
    """The part, locked; None where it isn't waiting any more."""
    query = select(CalledOffAppointment).where(
        CalledOffAppointment.called_off_id == part.called_off_id,
        CalledOffAppointment.position == part.position,
        _WAITING,
    )
    return await session.scalar(query.with_for_update().execution_options(populate_existing=True))


async def words_about(session: AsyncSession, appointment: Appointment) -> str:
    """What the practice adds to the mail about what became of the appointment, if its day was called off."""
    query = (
        select(CalledOffDays.words, CalledOffAppointment.fate, CalledOffAppointment.moved_to)
        .join(CalledOffDays, CalledOffDays.id == CalledOffAppointment.called_off_id)
        .where(CalledOffAppointment.appointment_id == appointment.id, CalledOffAppointment.state == str(PartState.DONE))
        .order_by(CalledOffDays.created_at.desc())
    )
    found = (await session.execute(query.limit(1))).one_or_none()
    if found is None:
        return ""
    moved_on = found.fate == Fate.MOVED and found.moved_to != appointment.starts_at
    cancelled_since = found.fate == Fate.MOVED and appointment.status not in BLOCKING
    return "" if moved_on or cancelled_since else str(found.words)


def counted(parts: Sequence[CalledOffAppointment]) -> dict[str, int]:
    """How many there are of each: what has become of those that are done, the state of the others."""
    counts: dict[str, int] = {}
    for part in parts:
        word = part.fate if part.state == PartState.DONE and part.fate else part.state
        counts[word] = counts.get(word, 0) + 1
    return counts
