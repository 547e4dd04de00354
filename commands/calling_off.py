"""The run of days that are called off: appointment by appointment, each by the command that a person would use."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointments import cancel
from commands.audit import Who, note
from commands.called_off_days import refund_of
from commands.calling_off_facts import calendar_for, visit_of
from commands.moving import move
from commands.office import Office
from db.calendar import lock_calendar
from db.called_off_days import asked_of, next_waiting, still_waiting, waiting_in
from db.models import Appointment, CalledOffAppointment, CalledOffDays
from db.settings_store import load_availability
from db.tenancy import appointment_by_id, client_by_id
from db.timeline import tell
from domain.audit import AuditKind
from domain.batches import Part
from domain.called_off_days import Becomes, Fate, LeftBecause, PartState, becomes
from domain.errors import DomainError, NotFound
from domain.roles import Role
from domain.stages import Actor
from domain.states import TimelineKind
from domain.stretches import closed


class CalledOffRun:
    """`domain.batches.BatchWork` for days that were called off."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def do_part(self, batch_id: str, most: int) -> Part:
        """Each appointment in a transaction of its own, with what is written down about it: none is done twice."""
        await self._begin(batch_id)
        done = 0
        while done < most:
            one = await self._do_one(batch_id)
            if one is None:
                break
            done += one
        async with self._office.database.statements() as session:
            return Part(done=done, left=await waiting_in(session, batch_id))

    async def _begin(self, called_off_id: str) -> None:
        """From here on it can't be undone; where it was undone before, nobody waits."""
        async with self._office.database.transaction() as session:
            row = await session.get_one(CalledOffDays, called_off_id, with_for_update=True)
            if row.begun_at is None and row.undone_at is None and row.stopped_at is None:
                row.begun_at = await self._office.clock.now(session)

    async def _do_one(self, called_off_id: str) -> bool | None:
        """False where somebody else has done it meanwhile, None where nobody waits any more.

        What is locked is locked in the order of a claim and a cancellation: calendar, appointment, client.
        """
        async with self._office.database.transaction() as session:
            found = await next_waiting(session, called_off_id)
            if found is None:
                return None
            row = await session.get_one(CalledOffDays, called_off_id)
            await lock_calendar(session, row.provider_id)
            appointment = await appointment_by_id(session, found.appointment_id, for_update=True)
            try:
                await client_by_id(session, found.client_id, for_update=True)
            except NotFound:
                return False
            part = await still_waiting(session, found)
            if part is None:
                return False
            part.at = await self._office.clock.now(session)
            await self._settle(session, row, part, appointment)
        return True

    async def _settle(
        self, session: AsyncSession, row: CalledOffDays, part: CalledOffAppointment, appointment: Appointment
    ) -> None:
        """Decided anew: what the preview said may be old by now."""
        part.refund_minor = 0
        fate = await self._decide(session, row, appointment)
        if fate is None:
            part.state = str(PartState.CHANGED)
            return
        part.fate = str(fate.fate)
        if fate.fate is Fate.LEFT_ALONE:
            part.state, part.reason = str(PartState.LEFT), str(LeftBecause.BEGUN)
            return
        refund = await refund_of(session, self._office, appointment, fate.fate)
        try:
            async with session.begin_nested():
                await self._act(session, row, appointment, fate)
        except DomainError as refusal:
            part.state, part.reason = str(PartState.FAILED), refusal.slug
            return
        part.state, part.moved_to = str(PartState.DONE), fate.moves_to
        if refund is not None:
            part.refund_minor, part.currency = refund.amount_minor, refund.currency

    async def _decide(self, session: AsyncSession, row: CalledOffDays, appointment: Appointment) -> Becomes | None:
        """The days are closed whatever somebody has made of the hours since: nobody is moved back into them."""
        asked = asked_of(row)
        hours, _ = closed(await load_availability(session, row.provider_id), asked.days)
        now = await self._office.clock.now(session)
        calendar = await calendar_for(session, row.provider_id, asked, hours, now)
        return becomes(await visit_of(session, appointment), asked, calendar)

    async def _act(self, session: AsyncSession, row: CalledOffDays, appointment: Appointment, fate: Becomes) -> None:
        kind = TimelineKind.DAY_CALLED_OFF
        now = await self._office.clock.now(session)
        ref = f"{row.id}:{appointment.id}"
        await tell(session, appointment.client_id, kind, at=now, actor=Actor.STAFF, ref=ref)
        if fate.moves_to is not None:
            await move(session, self._office, appointment, fate.moves_to, actor=Actor.STAFF)
            audited = AuditKind.APPOINTMENT_MOVED
        else:
            await cancel(session, self._office, appointment, actor=Actor.STAFF, reason=row.reason)
            audited = AuditKind.APPOINTMENT_CANCELLED
        await note(session, self._office, _who(row), audited, appointment.id)


def _who(row: CalledOffDays) -> Who:
    role = row.who["role"]
    return Who(**(row.who | {"role": Role(role) if role else None}))
