"""One appointment: pre-payment, booking, the visit, and the money settled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.bookings import (
        BookAppointment,
        Bookings,
        FulfilAppointment,
        ReleaseHold,
        ReleaseReason,
        WithdrawAppointment,
    )
    from activities.pre_payment import PrePayments, PrePaymentStep, RefundPayment
    from domain.cadence import next_reminder
    from domain.states import AppointmentStatus
    from workflows.booking_mails import BookingMails
    from workflows.details import booking_details
    from workflows.messages import (
        AppointmentCancelled,
        AppointmentMoved,
        BookingOutcome,
        BookingSettled,
        PaymentNoticed,
        ResolveAttention,
        StartBooking,
        VisitRecorded,
    )
    from workflows.naming import client_journey_id
    from workflows.options import PAYMENT, named
    from workflows.pre_payment import PrePayment
    from workflows.search_attributes import STAGE
    from workflows.steps import OnLapse, Steps

_NEWS_TAKES = timedelta(minutes=1)


@workflow.defn
class Booking:
    """Child of the client's journey, which it outlives: it ends when the visit is over and the money settled."""

    @workflow.init
    def __init__(self, start: StartBooking) -> None:
        self._start = start
        self._steps = Steps(start.client_id, start.skew_seconds, self._show)
        self._state = "pending"
        self._waits_for = ""
        self._until: datetime | None = None
        self._sent: list[str] = []
        self._mails = BookingMails(start, self._steps, self._note_sent)
        self._pre_payment = PrePayment(start, self._steps, self._wait)
        self._cancelled: AppointmentCancelled | None = None
        self._visit: AppointmentStatus | None = None
        self._starts_at = start.starts_at
        self._ends_at = start.ends_at
        self._moved: AppointmentMoved | None = None
        # Mails on their way: what stands doesn't wait for them, and the booking doesn't close before they are settled.
        self._beside: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, start: StartBooking) -> BookingOutcome:
        refused = await self._pre_payment.run()
        if refused is None and await self._book():
            if self._cancelled is None:
                self._reach("booked", "the visit", self._ends_at)
                await self._tell_journey(booked=True)
                self._start_beside(self._mails.tell_booked(self._starts_at))
            outcome = await self._visit_over()
        else:
            if refused is None:
                await self._give_back()
            outcome = await self._release(refused or ReleaseReason.CANCELLED)
        self._wait("what is under way to finish")
        await workflow.wait_condition(workflow.all_handlers_finished)
        await asyncio.gather(*self._beside)
        await self._steps.settled()
        self._reach(outcome, "nothing: the booking is closed")
        return outcome

    # Booking and visit

    async def _book(self) -> bool:
        booked = await self._steps.record(
            "book_appointment",
            Bookings.book_appointment,
            lambda now: BookAppointment(appointment_id=self._start.appointment_id, now=now),
        )
        return bool(booked)

    def _start_beside(self, work: Coroutine[Any, Any, None]) -> None:
        self._beside.append(asyncio.create_task(work))

    async def _visit_over(self) -> BookingOutcome:
        """Reminders and news of a move, until the visit is over, cancelled, or staff have said how it went."""
        reminded_until = self._steps.now()
        while True:
            if self._moved is not None:
                moved, self._moved = self._moved, None
                self._start_beside(self._mails.tell_moved(moved.starts_at, moved.revision))
                reminded_until = self._steps.now()
            if self._cancelled is not None:
                return await self._settle_cancelled(self._cancelled)
            if self._visit is not None:
                return BookingOutcome(self._visit)
            reminder = next_reminder(self._starts_at, self._start.reminder_hours, reminded_until)
            due = min(reminder or self._ends_at, self._ends_at)
            self._wait("the visit to be over", self._ends_at)
            if await self._told_something_before(due):
                continue
            if due >= self._ends_at:
                status = await self._fulfil()
                if status is AppointmentStatus.BOOKED:
                    # Moved in the last moment: the news is on its way to us.
                    await self._told_something_before(self._steps.now() + _NEWS_TAKES)
                    continue
                return BookingOutcome(status)
            reminded_until = due
            self._start_beside(self._mails.remind(self._starts_at, due))

    async def _fulfil(self) -> AppointmentStatus:
        status = await self._steps.record(
            "visit_over",
            Bookings.fulfil_appointment,
            lambda now: FulfilAppointment(appointment_id=self._start.appointment_id, now=now),
        )
        return status or AppointmentStatus.FULFILLED

    async def _told_something_before(self, due: datetime) -> bool:
        left = max(due - self._steps.now(), timedelta())
        summary = "the visit is over" if due >= self._ends_at else "remind of the appointment"
        try:
            await workflow.wait_condition(
                lambda: self._cancelled is not None or self._visit is not None or self._moved is not None,
                timeout=left,
                timeout_summary=summary,
            )
        except TimeoutError:
            return False
        return True

    async def _settle_cancelled(self, cancelled: AppointmentCancelled) -> BookingOutcome:
        """The slot is free already; the money goes back and both sides are told, none waiting for the other."""
        refund_id = cancelled.refund_id or await self._withdraw(cancelled)
        self._reach("cancelled", "the cancellation to be settled")
        steps = [self._mails.tell_cancelled(self._starts_at), self._mails.tell_front_desk_cancelled()]
        if refund_id is not None:
            steps.append(self._refund(refund_id))
        await asyncio.gather(*steps)
        return BookingOutcome.CANCELLED

    async def _give_back(self) -> None:
        """Paid, but the appointment can't stand: never keep money without a visit."""
        payment_id = self._start.payment_id
        if payment_id is None:
            return
        refund_id = await self._steps.record(
            "owe_the_fee_back", PrePayments.owe_back, lambda now: PrePaymentStep(payment_id=payment_id, now=now)
        )
        if refund_id is not None:
            await self._steps.note("pre_payment", "paid, but the appointment could not stand: the fee goes back")
            await self._refund(refund_id)

    async def _release(self, reason: ReleaseReason) -> BookingOutcome:
        await self._steps.record(
            f"release_slot_{reason}",
            Bookings.release_hold,
            lambda now: ReleaseHold(appointment_id=self._start.appointment_id, reason=reason, now=now),
        )
        await self._tell_journey(booked=False)
        return BookingOutcome.RELEASED

    # Single steps

    async def _withdraw(self, cancelled: AppointmentCancelled) -> str | None:
        return await self._steps.record(
            "cancel_what_was_booked_meanwhile",
            Bookings.withdraw_appointment,
            lambda now: WithdrawAppointment(
                appointment_id=self._start.appointment_id, cancelled_by=cancelled.cancelled_by, now=now
            ),
        )

    async def _refund(self, refund_id: str) -> None:
        """Money that is owed is never dropped: weather is waited out, and a refusal stays on the attention list."""
        await self._steps.take(
            "refund",
            PrePayments.refund_payment,
            lambda now: RefundPayment(refund_id=refund_id, now=now),
            named(PAYMENT, "refund the fee"),
            on_lapse=OnLapse.STAY,
        )

    async def _tell_journey(self, *, booked: bool) -> None:
        journey = workflow.get_external_workflow_handle(client_journey_id(self._start.client_id))
        # Refused when the journey has closed: a client who came back, or one whose journey an operator ended.
        with contextlib.suppress(ApplicationError):
            await journey.signal(
                "booking_settled", BookingSettled(appointment_id=self._start.appointment_id, booked=booked)
            )

    # What the booking is told

    @workflow.signal
    def payment_noticed(self, fact: PaymentNoticed) -> None:
        self._pre_payment.noticed()

    @workflow.signal
    def appointment_cancelled(self, fact: AppointmentCancelled) -> None:
        self._cancelled = self._cancelled or fact
        self._pre_payment.give_up()

    @workflow.signal
    def appointment_moved(self, fact: AppointmentMoved) -> None:
        self._starts_at = fact.starts_at
        self._ends_at = fact.ends_at
        self._moved = fact  # moved again before it was told: the newest time is told

    @workflow.signal
    def visit_recorded(self, fact: VisitRecorded) -> None:
        self._visit = fact.status

    @workflow.update
    def resolve_attention(self, answer: ResolveAttention) -> None:
        self._steps.answer(answer.step, answer.action)

    @resolve_attention.validator
    def _step_is_stuck(self, answer: ResolveAttention) -> None:
        if not self._steps.waits_for_answer(answer.step):
            raise ValueError(f"no step called {answer.step} waits for an answer")

    # What operators see

    def _note_sent(self, what: str) -> None:
        self._sent.append(f"{what} at {self._steps.now():%Y-%m-%d %H:%M} UTC")
        self._show()

    def _reach(self, state: str, waits_for: str, until: datetime | None = None) -> None:
        self._state = state
        workflow.upsert_search_attributes([STAGE.value_set(str(state))])
        self._wait(waits_for, until)

    def _wait(self, what: str, until: datetime | None = None) -> None:
        self._waits_for = what
        self._until = until
        self._show()

    def _show(self) -> None:
        workflow.set_current_details(
            booking_details(
                state=self._state,
                waits_for=self._waits_for,
                until=self._until,
                stuck=self._steps.stuck,
                weather=self._steps.weather,
                journey=client_journey_id(self._start.client_id),
                sent=self._sent,
            )
        )
