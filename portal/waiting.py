"""Waiting a moment for a booking, so that most clients get the checkout's address in the first answer."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

from commands.office import Office
from db.tenancy import appointment_by_id, payment_of_appointment
from domain.states import AppointmentStatus

_LOOK_EVERY_SECONDS = 0.05


def instant_in(query: str | None) -> datetime | None:
    """An aware instant of a page's own address, None for anything else."""
    try:
        parsed = datetime.fromisoformat(query.replace(" ", "+")) if query else None
    except ValueError:
        return None
    return parsed if parsed is not None and parsed.tzinfo is not None else None


async def wait_for_booking(office: Office, appointment_id: str, seconds: float = 2.0) -> None:
    """Until it is booked (or gone), or its checkout is there, or the time is up. Short transactions, no lock."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await _settled(office, appointment_id):
            return
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def wait_while_pending(office: Office, appointment_id: str, seconds: float = 2.0) -> None:
    """Until a pending appointment has been let go (or booked after all), or the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        async with office.database.transaction() as session:
            if (await appointment_by_id(session, appointment_id)).status != AppointmentStatus.PENDING:
                return
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _settled(office: Office, appointment_id: str) -> bool:
    async with office.database.transaction() as session:
        if (await appointment_by_id(session, appointment_id)).status != AppointmentStatus.PENDING:
            return True
        payment = await payment_of_appointment(session, appointment_id)
    return payment is not None and payment.checkout_url is not None
