"""Holding a time longer while its fee is paid: once, and told to the booking that watches the hold's end."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.events import EventKind, client_subject, record_event
from db.models import Appointment, Payment
from db.policy_store import load_policy
from db.tenancy import payment_of_appointment
from db.timeline import tell
from domain.holds import ExtendDecision, Held, extend_decision
from domain.stages import Actor
from domain.states import AppointmentStatus, PaymentState, TimelineKind


async def may_extend(
    session: AsyncSession, office: Office, appointment: Appointment, payment: Payment | None
) -> ExtendDecision:
    """The one answer that page and API share: allowed? until when?"""
    policy = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy
    held = Held(
        status=AppointmentStatus(appointment.status),
        expires_at=appointment.hold_expires_at,
        extended=appointment.hold_extended_at is not None,
        payable=payment is not None and payment.state == PaymentState.REQUESTED and payment.checkout_url is not None,
        given_up=appointment.cancel_requested_at is not None,
        starts_at=appointment.starts_at,
    )
    return extend_decision(held, hold=timedelta(minutes=policy.hold_minutes), now=await office.clock.now(session))


async def extend_hold(session: AsyncSession, office: Office, appointment: Appointment, *, actor: Actor) -> None:
    """Hold the locked appointment's time longer. Raises Conflict.

    The end is in the records from here on: a booking that is about to close the checkout looks there first, so that
    the extension holds also where this news reaches it late.
    """
    decision = await may_extend(session, office, appointment, await payment_of_appointment(session, appointment.id))
    if decision.refusal is not None:
        raise decision.refusal
    assert decision.until is not None
    now = await office.clock.now(session)
    appointment.hold_expires_at = decision.until
    appointment.hold_extended_at = now
    kind = TimelineKind.HOLD_EXTENDED
    await tell(session, appointment.client_id, kind, at=now, actor=actor, ref=appointment.id)
    await record_event(
        session,
        source="booking",
        tenant=appointment.provider_id,
        external_id=f"extend:{appointment.id}",
        kind=EventKind.HOLD_EXTENDED,
        subject=client_subject(appointment.client_id),
        payload={"appointment_id": appointment.id, "hold_expires_at": decision.until.isoformat()},
    )
