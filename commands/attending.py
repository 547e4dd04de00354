"""*I'll be there*: the client confirms by the link of a reminder that they come; a move asks anew."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from activities.post import ATTENDING
from commands.office import Office
from db.models import Appointment, Practice, Provider
from db.settings_store import load_availability
from db.tenancy import appointment_by_id
from db.timeline import tell
from domain.errors import NotFound
from domain.stages import Actor
from domain.states import AppointmentStatus, TimelineKind


class Asked(StrEnum):
    """What the link finds."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    MOVED = "moved"
    CANCELLED = "cancelled"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """What the page of the link says: of the practice and the time, and nothing of who comes."""

    appointment: Appointment
    practice: Practice
    provider: Provider
    timezone: str
    asked: Asked


async def look_at_attendance(
    session: AsyncSession, office: Office, token: str, *, for_update: bool = False
) -> Attendance:
    """Raises NotFound."""
    appointment_id, _, revision = (office.tokens.read(ATTENDING, token) or "").partition(":")
    if not appointment_id:
        raise NotFound("This link isn't one of ours. Please use the whole link from the mail.")
    appointment = await appointment_by_id(session, appointment_id, for_update=for_update)
    now = await office.clock.now(session)
    if appointment.status == AppointmentStatus.CANCELLED:
        asked = Asked.CANCELLED
    elif appointment.revision != int(revision):
        asked = Asked.MOVED
    elif now >= appointment.starts_at or appointment.status != AppointmentStatus.BOOKED:
        asked = Asked.OVER
    else:
        asked = Asked.CONFIRMED if appointment.attendance_confirmed_at is not None else Asked.OPEN
    return Attendance(
        appointment=appointment,
        practice=await session.get_one(Practice, appointment.practice_id),
        provider=await session.get_one(Provider, appointment.provider_id),
        timezone=(await load_availability(session, appointment.provider_id)).timezone,
        asked=asked,
    )


async def confirm_attendance(session: AsyncSession, office: Office, token: str) -> Attendance:
    """Twice is once; what was moved, cancelled or has begun stays as it is, and the page says so. Raises NotFound."""
    found = await look_at_attendance(session, office, token, for_update=True)
    if found.asked is not Asked.OPEN:
        return found
    appointment = found.appointment
    now = await office.clock.now(session)
    appointment.attendance_confirmed_at = now
    ref = f"{appointment.id}:{appointment.revision}"
    kind = TimelineKind.ATTENDANCE_CONFIRMED
    await tell(session, appointment.client_id, kind, at=now, actor=Actor.CLIENT, ref=ref)
    return Attendance(
        appointment=appointment,
        practice=found.practice,
        provider=found.provider,
        timezone=found.timezone,
        asked=Asked.CONFIRMED,
    )
