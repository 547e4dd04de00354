"""What a client can do next: the one answer that the portal's page and the API show."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.booking import why_not
from commands.intake import intake_standing
from commands.office import Office
from db.models import Appointment, Client
from db.tenancy import appointment_being_chosen, payment_of_appointment
from db.waitlist import open_offer_of
from domain.stages import Stage
from domain.states import AppointmentStatus, PaymentState, SubmissionStatus


class NextStep(StrEnum):
    OFFER = "offer"  # a time from the waitlist is held for them
    INTAKE = "intake"
    BOOK = "book"
    PAY = "pay"
    WAIT = "wait"
    NONE = "none"


async def next_step(session: AsyncSession, office: Office, client: Client) -> NextStep:
    pending = await session.scalar(
        select(Appointment)
        .where(Appointment.client_id == client.id, Appointment.status == str(AppointmentStatus.PENDING))
        .order_by(Appointment.created_at.desc())
        .limit(1)
    )
    if pending is not None:
        payment = await payment_of_appointment(session, pending.id)
        asked = payment is not None and payment.checkout_url is not None and payment.state == PaymentState.REQUESTED
        payable = asked and pending.cancel_requested_at is None
        return NextStep.PAY if payable else NextStep.WAIT
    if await appointment_being_chosen(session, client.id) is not None:
        return NextStep.BOOK
    if await open_offer_of(session, client.id) is not None:
        return NextStep.OFFER
    intake = await intake_standing(session, client)
    if intake.form is not None and intake.status is not SubmissionStatus.SUBMITTED and client.stage != Stage.BOOKED:
        return NextStep.INTAKE
    if client.stage == Stage.BOOKED:
        return NextStep.NONE
    blocks, _ = await why_not(session, office, client, None)
    return NextStep.NONE if blocks else NextStep.BOOK
