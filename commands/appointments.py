"""What becomes of an appointment: cancelled, kept, missed; and who may say so."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.appointment_types import load_types
from db.cancelling import cancel_booked
from db.events import EventKind, client_subject, record_event
from db.fees import quote_of
from db.models import Appointment
from db.policy_store import load_policy
from db.tenancy import payment_of_appointment
from db.timeline import tell
from domain.decisions import CancelDecision, cancel_decision, visit_decision
from domain.first_visits import VisitOfTheirs, cover_refusal, resting_on
from domain.refunds import NOTHING, RefundTerms
from domain.stages import Actor
from domain.states import AppointmentStatus, TimelineKind


async def may_cancel(session: AsyncSession, office: Office, appointment: Appointment, actor: Actor) -> CancelDecision:
    """The one answer that page, API and workflow share: allowed? until when? what about the fee?"""
    policy = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy
    payment = await payment_of_appointment(session, appointment.id)
    decision = cancel_decision(
        status=AppointmentStatus(appointment.status),
        starts_at=appointment.starts_at,
        # The client is held to the notice shown when booking, unless the practice has become more generous since.
        notice_minutes=min(appointment.cancel_notice_minutes, policy.cancel_notice_minutes),
        can_cancel=policy.clients_can_cancel,
        actor=actor,
        now=await office.clock.now(session),
        choose_until=appointment.choose_until,
        refund=quote_of(payment).refund if payment is not None else RefundTerms(),
    )
    if actor is not Actor.CLIENT or not decision.allowed or appointment.status != AppointmentStatus.BOOKED:
        return decision
    refusal = cover_refusal(await rest_on(session, appointment))
    return replace(decision, refusal=refusal, refund_percent=NOTHING, refund_steps=()) if refusal else decision


async def rest_on(session: AsyncSession, appointment: Appointment) -> list[VisitOfTheirs]:
    """The client's appointments ahead that came without a fee because of this one, also those just claimed."""
    standing = [str(one) for one in (AppointmentStatus.PENDING, AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED)]
    query = select(Appointment).where(
        Appointment.client_id == appointment.client_id,
        Appointment.status.in_(standing),
        Appointment.cancel_requested_at.is_(None),
    )
    theirs = list(await session.scalars(query))
    if not any(one.covered for one in theirs):
        return []
    free = (await load_types(session, appointment.provider_id)).without_fee
    visits = [
        VisitOfTheirs(
            id=one.id,
            status=AppointmentStatus(one.status),
            created_at=one.created_at,
            covered=one.covered,
            free=one.type_id in free,
        )
        for one in theirs
    ]
    return resting_on(appointment.id, visits)


async def cancel(
    session: AsyncSession,
    office: Office,
    appointment: Appointment,
    *,
    actor: Actor,
    reason: str | None = None,
) -> None:
    """Cancel the locked appointment. Raises CancelNotAllowed, CancelWindowClosed or Conflict.

    A booked one is off at once. A pending one ends when its checkout is closed: the journey sees to that, so that
    nobody pays for a slot that has been given away. One whose time was lost while its fee was on the way gives up the
    choice of another: the fee goes back. Cancelling again is the same cancellation.
    """
    over = appointment.status == AppointmentStatus.CANCELLED and appointment.choose_until is None
    if over or appointment.cancel_requested_at is not None:
        return
    decision = await may_cancel(session, office, appointment, actor)
    if decision.refusal is not None:
        raise decision.refusal
    now = await office.clock.now(session)
    refund_id: str | None = None
    if appointment.choose_until is not None:
        appointment.choose_until = None
        appointment.cancelled_by = str(actor)
        appointment.cancel_reason = reason
        kind = TimelineKind.APPOINTMENT_CANCELLED
        await tell(session, appointment.client_id, kind, at=now, actor=actor, ref=appointment.id)
    elif appointment.status == AppointmentStatus.PENDING:
        appointment.cancel_requested_at = now
        appointment.cancelled_by = str(actor)
        appointment.cancel_reason = reason
    else:
        refund_id = await cancel_booked(
            session, appointment, actor=actor, reason=reason, refund_percent=decision.refund_percent, now=now
        )
    await record_event(
        session,
        source="booking",
        tenant=appointment.provider_id,
        external_id=f"cancel:{appointment.id}",
        kind=EventKind.APPOINTMENT_CANCELLED,
        subject=client_subject(appointment.client_id),
        payload={"appointment_id": appointment.id, "cancelled_by": str(actor), "refund_id": refund_id},
    )


async def record_visit(session: AsyncSession, office: Office, appointment: Appointment, to: AppointmentStatus) -> None:
    """Staff record that the client came (`fulfilled`) or didn't (`noshow`, which keeps the fee). Raises Conflict."""
    now = await office.clock.now(session)
    status = AppointmentStatus(appointment.status)
    refusal = visit_decision(status=status, to=to, starts_at=appointment.starts_at, now=now)
    if refusal is not None:
        raise refusal
    if status is to:
        return
    appointment.status = str(to)
    appointment.revision += 1
    noshow = to is AppointmentStatus.NOSHOW
    kind = TimelineKind.APPOINTMENT_NOSHOW if noshow else TimelineKind.APPOINTMENT_FULFILLED
    ref = f"{appointment.id}:{appointment.revision}"
    await tell(session, appointment.client_id, kind, at=now, actor=Actor.STAFF, ref=ref)
    await record_event(
        session,
        source="staff",
        tenant=appointment.provider_id,
        external_id=f"visit:{ref}",
        kind=EventKind.VISIT_RECORDED,
        subject=client_subject(appointment.client_id),
        payload={"appointment_id": appointment.id, "status": str(to)},
    )
