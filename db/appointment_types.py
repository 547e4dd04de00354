"""A provider's appointment types as they are stored; the standard one alone while nothing has been saved."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Appointment
from domain.appointment_types import AppointmentTypes, read_types
from domain.states import BLOCKING

_IN_FORCE = text("""
    SELECT document::text AS document FROM settings_version
     WHERE provider_id = :id AND kind = 'appointment-types' ORDER BY version DESC LIMIT 1""")
# Documents are read anew each time, so that a change shows at once; what one says is worked out once.
_REMEMBERED = 512


async def load_types(session: AsyncSession, provider_id: str) -> AppointmentTypes:
    return types_of(await session.scalar(_IN_FORCE, {"id": provider_id}))


@lru_cache(maxsize=_REMEMBERED)
def types_of(document: str | None) -> AppointmentTypes:
    """What the document says, as the database has it."""
    return read_types(json.loads(document)) if document else AppointmentTypes()


async def ahead_by_type(session: AsyncSession, provider_id: str, now: datetime) -> dict[str, int]:
    """How many appointments of each type are held or booked and not over: they keep their length and their fee."""
    query = select(Appointment.type_id, func.count()).where(
        Appointment.provider_id == provider_id,
        Appointment.status.in_([str(status) for status in BLOCKING]),
        Appointment.ends_at > now,
    )
    rows = await session.execute(query.group_by(Appointment.type_id))
    return dict(rows.tuples().all())
