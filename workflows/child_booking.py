"""Starting a booking as the child of its client's journey."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from domain.stages import Stage
    from workflows.booking import Booking
    from workflows.messages import AppointmentClaimed, BookingTerms, StartBooking, StartJourney
    from workflows.naming import booking_id
    from workflows.search_attributes import opening


async def start_booking(journey: StartJourney, fact: AppointmentClaimed, stage: Stage) -> str | None:
    """Start the child; its id, or None when it has been started before (the fact was told twice)."""
    start = StartBooking(
        appointment_id=fact.appointment_id,
        client_id=journey.client_id,
        practice_id=journey.practice_id,
        provider_id=journey.provider_id,
        terms=BookingTerms(
            starts_at=fact.starts_at,
            ends_at=fact.ends_at,
            hold_expires_at=fact.hold_expires_at,
            payment_id=fact.payment_id,
            reminder_hours=fact.reminder_hours,
        ),
        payment_poll_seconds=fact.payment_poll_seconds,
        # A child begins at its parent's virtual time.
        skew_seconds=journey.skew_seconds,
    )
    child = booking_id(fact.appointment_id)
    try:
        await workflow.start_child_workflow(
            Booking.run,
            start,
            id=child,
            parent_close_policy=ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=opening(
                practice_id=start.practice_id,
                provider_id=start.provider_id,
                client_id=start.client_id,
                stage=stage,
            ),
            static_summary="Booking: pre-payment, appointment, visit",
        )
    except WorkflowAlreadyStartedError:
        return None
    return child
