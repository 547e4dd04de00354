"""Calling off a provider's days: looked at, confirmed, and taken back or stopped; a workflow does the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointments import may_cancel
from commands.attention import actions_for
from commands.audit import Who, note
from commands.calling_off_facts import calendar_for, visit_of
from commands.idempotency import earlier_result, keep_result
from commands.office import Office
from commands.settings import save_settings
from commands.waitlist_closing import offers_closed_by
from db.calendar import lock_calendar
from db.called_off_days import (
    asked_of,
    called_off_of,
    closing_document,
    closing_of,
    have_called_off_run,
    still_open,
    touching,
    waiting_in,
)
from db.cancelling import due_back
from db.ids import new_id
from db.models import Appointment, AttentionItem, CalledOffAppointment, CalledOffDays, Client, Provider
from db.settings_store import load_availability
from db.tenancy import payment_of_appointment
from domain.audit import AuditKind
from domain.called_off_days import (
    GRACE,
    Becomes,
    CallingOff,
    Fate,
    LeftBecause,
    PartState,
    phase,
    plan,
)
from domain.calling_off_request import read_calling_off
from domain.errors import Conflict
from domain.hours import Availability
from domain.money import Money
from domain.roles import Reach
from domain.stages import Actor
from domain.states import AttentionAction, SettingsKind
from domain.stretches import closed, opened_again
from domain.wording import local_date


@dataclass(frozen=True, kw_only=True)
class Touched:
    """One appointment, and what becomes of it; `reachable`: no mail to the client is known to be refused."""

    appointment: Appointment
    client: Client
    becomes: Becomes
    refund: Money | None
    reachable: bool


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`offers`: times that are kept for people of the waitlist, and are taken back at once."""

    asked: CallingOff
    timezone: str
    touched: Sequence[Touched]
    offers: int

    def count(self, fate: Fate) -> int:
        return sum(one.becomes.fate is fate for one in self.touched)

    @property
    def unreachable(self) -> int:
        return sum(not one.reachable for one in self.touched if one.becomes.fate is not Fate.LEFT_ALONE)

    @property
    def refunds(self) -> list[Money]:
        """What goes back in all, by currency."""
        sums: dict[str, int] = {}
        for one in self.touched:
            if one.refund is not None:
                sums[one.refund.currency] = sums.get(one.refund.currency, 0) + one.refund.amount_minor
        return [Money(amount_minor=amount, currency=currency) for currency, amount in sums.items()]


async def read_request(
    session: AsyncSession, office: Office, provider: Provider, values: Mapping[str, object]
) -> CallingOff:
    """Raises ValidationFailed naming every field that is wrong."""
    hours = await load_availability(session, provider.id)
    return read_calling_off(values, local_date(await office.clock.now(session), hours.timezone))


async def look_at_calling_off(session: AsyncSession, office: Office, provider: Provider, asked: CallingOff) -> Preview:
    """What would become of each appointment; nothing is changed. Raises ValidationFailed."""
    hours, _ = closed(await load_availability(session, provider.id), asked.days)
    return await _preview(session, office, provider, asked, hours)


async def _preview(
    session: AsyncSession, office: Office, provider: Provider, asked: CallingOff, hours: Availability
) -> Preview:
    start, end = asked.days.span(hours)
    found = {one.id: one for one in await touching(session, provider.id, start, end)}
    now = await office.clock.now(session)
    calendar = await calendar_for(session, provider.id, asked, hours, now)
    planned = plan([await visit_of(session, one) for one in found.values()], asked, calendar)
    query = select(Client).where(Client.id.in_({one.client_id for one in found.values()}))
    clients = {one.id: one for one in await session.scalars(query)}
    stuck = await _unreachable(session, list(clients))
    touched = [
        Touched(
            appointment=found[one.visit.id],
            client=clients[one.visit.client_id],
            becomes=one.becomes,
            refund=await refund_of(session, office, found[one.visit.id], one.becomes.fate),
            reachable=one.visit.client_id not in stuck,
        )
        for one in planned
    ]
    offers = await offers_closed_by(session, provider.id, hours)
    return Preview(asked=asked, timezone=hours.timezone, touched=touched, offers=len(offers))


async def refund_of(session: AsyncSession, office: Office, appointment: Appointment, fate: Fate) -> Money | None:
    """What goes back when the practice cancels: the cancellation's own decision says how much of it."""
    if fate is not Fate.CANCELLED:
        return None
    payment = await payment_of_appointment(session, appointment.id)
    decision = await may_cancel(session, office, appointment, Actor.STAFF)
    due = due_back(payment, decision.refund_percent)
    return Money(amount_minor=due, currency=payment.currency) if payment is not None and due > 0 else None


async def _unreachable(session: AsyncSession, client_ids: Sequence[str]) -> set[str]:
    """Clients to whom a mail was refused, and nobody has corrected the address yet."""
    query = select(AttentionItem).where(AttentionItem.client_id.in_(client_ids), AttentionItem.settled_at.is_(None))
    items = await session.scalars(query)
    return {str(one.client_id) for one in items if AttentionAction.CORRECT_EMAIL in actions_for(one)}


async def call_off(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    who: Who,
    asked: CallingOff,
    *,
    idempotency_key: str | None = None,
) -> CalledOffDays:
    """Close the days at once, and write down what is to become of each appointment; nobody is told yet.

    Raises ValidationFailed, and Conflict where these days are being called off already. The calendar's lock comes
    first: whoever books at this moment is done before, and seen, or finds the days closed.
    """
    scope, request = f"call-off:{provider.id}", asked.as_document()
    reach = Reach(practice_id=provider.practice_id)
    earlier = await earlier_result(session, scope, idempotency_key, request)
    if earlier is not None:
        return await called_off_of(session, reach, earlier["called_off_id"])
    await lock_calendar(session, provider.id)
    before = await load_availability(session, provider.id)
    hours, closing = closed(before, asked.days)
    start, end = asked.days.span(hours)
    running = await still_open(session, provider.id, start, end)
    if running is not None:
        raise Conflict("These days are being called off already.", called_off_id=running.id)
    preview = await _preview(session, office, provider, asked, hours)
    await _save_hours(session, office, provider, hours, who)
    now = await office.clock.now(session)
    row = CalledOffDays(
        id=new_id("cod"),
        practice_id=provider.practice_id,
        provider_id=provider.id,
        first_day=asked.days.first_day,
        last_day=asked.days.last_day,
        from_minute=asked.days.part.start if asked.days.part else None,
        to_minute=asked.days.part.end if asked.days.part else None,
        starts_at=start,
        ends_at=end,
        instead=str(asked.instead),
        within_days=asked.within_days,
        reason=asked.reason,
        words=asked.words,
        closing=closing_document(closing),
        who=asdict(who),
        created_at=now,
        runs_at=now + GRACE,
    )
    session.add(row)
    await session.flush()
    if preview.touched:
        parts = [_part(row.id, number, one, now) for number, one in enumerate(preview.touched)]
        await session.execute(insert(CalledOffAppointment), parts)
    await have_called_off_run(session, row, source="staff", external_id=row.id)
    await note(session, office, who, AuditKind.DAYS_CALLED_OFF, row.id)
    await keep_result(session, scope, idempotency_key, request, {"called_off_id": row.id})
    return row


def _part(called_off_id: str, position: int, one: Touched, now: datetime) -> dict[str, Any]:
    left = one.becomes.fate is Fate.LEFT_ALONE
    return {
        "called_off_id": called_off_id,
        "position": position,
        "appointment_id": one.appointment.id,
        "client_id": one.client.id,
        "was_at": one.appointment.starts_at,
        "planned": str(one.becomes.fate),
        "planned_to": one.becomes.moves_to,
        "refund_minor": one.refund.amount_minor if one.refund else 0,
        "currency": one.refund.currency if one.refund else None,
        "state": str(PartState.LEFT if left else PartState.WAITING),
        "reason": str(LeftBecause.BEGUN) if left else None,
        "at": now if left else None,
    }


async def _save_hours(session: AsyncSession, office: Office, provider: Provider, hours: Availability, who: Who) -> None:
    # Named even where there is none: what a document doesn't name is kept.
    document = {"time_off": [], "open_on_holidays": [], **hours.as_document()}
    await save_settings(session, office, provider, SettingsKind.AVAILABILITY, document, saved_by=who.name)


async def undo_calling_off(
    session: AsyncSession, office: Office, reach: Reach, who: Who, called_off_id: str, *, provider_id: str | None = None
) -> CalledOffDays:
    """Open the days again, and do nothing to anybody; again is the same. Raises NotFound, and Conflict when over."""
    seen = await called_off_of(session, reach, called_off_id, provider_id=provider_id)
    await lock_calendar(session, seen.provider_id)
    row = await called_off_of(session, reach, called_off_id, lock=True)
    if row.undone_at is not None:
        return row
    now = await office.clock.now(session)
    if row.begun_at is not None or row.stopped_at is not None or now >= row.runs_at:
        raise Conflict("It has begun, and can't be undone any more. You can stop what is left of it.")
    provider = await session.get_one(Provider, row.provider_id)
    hours = opened_again(await load_availability(session, row.provider_id), asked_of(row).days, closing_of(row))
    await _save_hours(session, office, provider, hours, who)
    row.undone_at = now
    await _leave_the_rest(session, row.id, LeftBecause.UNDONE, now)
    await note(session, office, who, AuditKind.CALLED_OFF_UNDONE, row.id)
    return row


async def stop_calling_off(
    session: AsyncSession, office: Office, reach: Reach, who: Who, called_off_id: str, *, provider_id: str | None = None
) -> CalledOffDays:
    """What is done stays, and the days stay closed; the rest is left. Again is the same. Raises NotFound, Conflict."""
    row = await called_off_of(session, reach, called_off_id, provider_id=provider_id, lock=True)
    if row.stopped_at is not None:
        return row
    left = await waiting_in(session, row.id)
    stands = phase(undone_at=row.undone_at, stopped_at=None, begun_at=row.begun_at, waiting=left)
    if not stands.open:
        raise Conflict("There is nothing left to stop.")
    row.stopped_at = await office.clock.now(session)
    await _leave_the_rest(session, row.id, LeftBecause.STOPPED, row.stopped_at)
    await note(session, office, who, AuditKind.CALLED_OFF_STOPPED, row.id)
    return row


async def _leave_the_rest(session: AsyncSession, called_off_id: str, reason: LeftBecause, now: datetime) -> None:
    waiting = CalledOffAppointment.called_off_id == called_off_id, CalledOffAppointment.state == str(PartState.WAITING)
    change = update(CalledOffAppointment).where(*waiting)
    change = change.values(state=str(PartState.LEFT), reason=str(reason), refund_minor=0, at=now)
    await session.execute(change.execution_options(synchronize_session=False))
