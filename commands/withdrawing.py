"""The practice ends a client's way: appointments are called off, and the journey closes it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointments import cancel
from commands.audit import Who, note
from commands.office import Office
from db.calendar import lock_calendar
from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.models import Client
from db.tenancy import appointments_of_client, client_of_practice
from domain.audit import AuditKind
from domain.errors import ValidationFailed
from domain.roles import Reach
from domain.stages import Actor, Stage
from domain.states import AppointmentStatus
from domain.texts import clean_text
from domain.withdrawing import Visit, WithdrawDecision, withdraw_decision

_LONGEST_REASON = 500


async def may_withdraw(session: AsyncSession, office: Office, client: Client) -> WithdrawDecision:
    """The one answer that page and API share."""
    appointments = await appointments_of_client(session, client.id)
    visits = [
        Visit(
            appointment_id=one.id,
            status=AppointmentStatus(one.status),
            starts_at=one.starts_at,
            choose_until=one.choose_until,
        )
        for one in appointments
    ]
    return withdraw_decision(Stage(client.stage), visits, await office.clock.now(session))


async def withdraw(
    session: AsyncSession, office: Office, reach: Reach, client_id: str, *, who: Who, reason: str
) -> list[str]:
    """End the client's way; the appointments that were called off. Raises NotFound, ValidationFailed and Conflict.

    What is locked is locked in the order of a claim and a cancellation: calendar, appointments, client.
    """
    checked = _checked(reason)
    client = await client_of_practice(session, reach, client_id)
    await lock_calendar(session, client.provider_id)
    appointments = {one.id: one for one in await appointments_of_client(session, client.id, for_update=True)}
    client = await client_of_practice(session, reach, client_id, for_update=True)
    decision = await may_withdraw(session, office, client)
    if decision.refusal is not None:
        raise decision.refusal
    for appointment_id in decision.calls_off:
        await cancel(session, office, appointments[appointment_id], actor=Actor.STAFF, reason=checked)
        await note(session, office, who, AuditKind.APPOINTMENT_CANCELLED, appointment_id)
    client.closed_reason = checked
    await end_way(session, client)
    await note(session, office, who, AuditKind.CLIENT_CLOSED, client.id)
    return list(decision.calls_off)


async def end_way(session: AsyncSession, client: Client) -> None:
    """Have the journey of the locked client closed; what is booked has been called off before."""
    await record_event(
        session,
        source="staff",
        tenant=client.provider_id,
        external_id=f"withdraw:{client.id}:{new_id('wdr')}",
        kind=EventKind.JOURNEY_WITHDRAWN,
        subject=client_subject(client.id),
        payload={},
    )


def _checked(reason: str) -> str:
    try:
        checked = clean_text(reason, _LONGEST_REASON)
    except ValueError as error:
        raise ValidationFailed.of("reason", str(error)) from None
    if not checked:
        raise ValidationFailed.of("reason", "Please say why, for your own records.")
    return checked
