"""What has to be known to say what becomes of an appointment on a day that is called off."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from db.busy_times import elsewhere
from db.called_off_days import offered_in, touching
from db.models import Appointment
from db.policy_store import load_policy
from domain.called_off_days import Calendar, CallingOff, Taken, Visit, latest_new_time
from domain.hours import Availability
from domain.slots import Interval
from domain.states import AppointmentStatus

# Wider than any appointment with its buffer: what touches the window from outside counts, too.
_MARGIN = timedelta(days=2)


async def visit_of(session: AsyncSession, appointment: Appointment) -> Visit:
    """A new time for it has to be offered under the client's own settings, and is as long as it is."""
    policy = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy
    return Visit(
        id=appointment.id,
        client_id=appointment.client_id,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        status=AppointmentStatus(appointment.status),
        being_cancelled=appointment.cancel_requested_at is not None,
        rules=policy.slot_rules().lasting(appointment.ends_at - appointment.starts_at),
    )


async def calendar_for(
    session: AsyncSession, provider_id: str, asked: CallingOff, hours: Availability, now: datetime
) -> Calendar:
    """`hours` are those with the days closed."""
    start, end = asked.days.span(hours)[0] - _MARGIN, latest_new_time(asked, hours) + _MARGIN
    taken = [
        Taken(id=one.id, client_id=one.client_id, interval=Interval(start=one.starts_at, end=one.ends_at))
        for one in await touching(session, provider_id, start, end)
    ]
    taken += [
        Taken(id=one.id, client_id=one.client_id, interval=Interval(start=one.starts_at, end=one.ends_at))
        for one in await offered_in(session, provider_id, start, end)
    ]
    away = await elsewhere(session, provider_id, start, end)
    return Calendar(hours=hours, taken={one.id: one for one in taken}, elsewhere=away, now=now)
