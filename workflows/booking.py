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
    from activities.late_fees import BookingStanding, LateFees, LoadBooking
    from domain.cadence import next_reminder
    from domain.states import AppointmentStatus
    from workflows.booking_mails import BookingMails
    from workflows.details import booking_details
    from workflows.late_payment import LatePayment, terms_of
    from workflows.messages import (
        AppointmentCancelled,
        AppointmentMoved,
        BookingOutcome,
        BookingSettled,
        BookingTerms,
        HoldExtended,
        PaymentNoticed,
        RefundAsked,
        ResolveAttention,
        StartBooking,
        VisitRecorded,
    )
    from workflows.moves import Moves
    from workflows.naming import client_journey_id
    from workflows.pre_payment import PrePayment
    from workflows.search_attributes import STAGE
    from workflows.steps import Steps, bookkeeping
    from workflows.waiting import answered_within

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
        self._mails = BookingMails(start.appointment_id, start.client_id, self._steps, self._note_sent)
        self._pre_payment = PrePayment(
            self._steps,
            poll=timedelta(seconds=start.payment_poll_seconds),
            say=self._wait,
            tell_to_pay_again=lambda again: self._start_beside(self._mails.ask_to_pay_again(again)),
        )
        self._late_payment = LatePayment(
            start.appointment_id,
            self._steps,
            self._pre_payment,
            self._mails,
            answered=lambda: self._moved is not None or self._cancelled is not None,
            beside=self._start_beside,
            say=self._wait,
        )
        self._moves = Moves()
        self._cancelled: AppointmentCancelled | None = None
        self._visit: AppointmentStatus | None = None
        self._moved: AppointmentMoved | None = None
        # Mails on their way: what stands doesn't wait for them, and the booking doesn't close before they are settled.
        self._beside: list[asyncio.Task[None]] = []
        self._refunds: set[str] = set()

    @workflow.run
    async def run(self, start: StartBooking) -> BookingOutcome:
        outcome = await self._claimed(start.terms) if start.terms else None
        # Money that comes in when its time is let go is looked after, whatever was meant to be the end.
        while outcome is None or (outcome is BookingOutcome.RELEASED and self._pre_payment.rung_about_money):
            outcome = await self._take_up()
        self._wait("what is under way to finish")
        await workflow.wait_condition(workflow.all_handlers_finished)
        while self._beside:
            beside, self._beside = self._beside, []
            await asyncio.gather(*beside)
        await self._steps.settled()
        self._reach(outcome, "nothing: the booking is closed")
        return outcome

    # How it stands

    async def _claimed(self, terms: BookingTerms) -> BookingOutcome | None:
        """From the claim to its end; None when the time fell away under us, though the fee was in."""
        refused = await self._pre_payment.run(terms)
        if refused is not None:
            return await self._release(refused)
        return await self._stand(terms, told=False) if await self._book() else None

    async def _stand(self, terms: BookingTerms, *, told: bool) -> BookingOutcome:
        self._starts_at, self._ends_at, self._reminder_hours = terms.starts_at, terms.ends_at, terms.reminder_hours
        self._moved = None  # The confirmation tells the time as it is now.
        self._moves.start_from(self._starts_at)
        if self._cancelled is None:
            self._reach("booked", "the visit", self._ends_at)
            await self._tell_journey(booked=True)
            if not told:
                self._start_beside(self._mails.tell_booked(self._starts_at))
        return await self._visit_over()

    async def _take_up(self) -> BookingOutcome | None:
        """Go on from how the appointment stands in the records; None when it has changed, and is to be looked at again.

        So begins a booking that is started again: its run was lost, or money came in after it had ended.
        """
        standing = await bookkeeping(
            LateFees.load_booking,
            LoadBooking(appointment_id=self._start.appointment_id, now=self._steps.now()),
            "how does the appointment stand?",
        )
        for refund_id in standing.refund_ids:
            self._give_back(refund_id)
        match standing.status:
            case AppointmentStatus.PENDING:
                return await self._claimed(terms_of(standing))
            case AppointmentStatus.BOOKED:
                return await self._stand(terms_of(standing), told=standing.told)
            case AppointmentStatus.CANCELLED:
                return await self._let_go(standing)
        if standing.refund_id is not None:
            await self._pre_payment.refund(standing.refund_id)
        return BookingOutcome(standing.status)

    async def _let_go(self, standing: BookingStanding) -> BookingOutcome | None:
        """Called off after it was booked: settle that. Let go before: was it paid after all?"""
        self._starts_at = standing.starts_at
        if standing.called_off_by is not None:
            return await self._settle_cancelled(
                AppointmentCancelled(
                    appointment_id=self._start.appointment_id,
                    cancelled_by=standing.called_off_by,
                    refund_id=standing.refund_id,
                )
            )
        if standing.payment_id is not None and standing.refund_id is not None:
            await self._late_payment.give_back(standing.payment_id)
        elif (
            standing.payment_id is not None and standing.fee_open and await self._late_payment.run(standing.payment_id)
        ):
            return None
        await self._tell_journey(booked=False)
        return BookingOutcome.RELEASED

    # Booking and visit

    async def _book(self) -> bool:
        booked = await self._steps.record(
            "book_appointment",
            Bookings.book_appointment,
            lambda now: BookAppointment(appointment_id=self._start.appointment_id, now=now),
        )
        return bool(booked)

    def _give_back(self, refund_id: str) -> None:
        """Once in a run, however we hear of it; its id makes repeats one refund."""
        if refund_id not in self._refunds:
            self._refunds.add(refund_id)
            self._start_beside(self._pre_payment.refund(refund_id, f"refund:{refund_id}"))

    def _start_beside(self, work: Coroutine[Any, Any, None]) -> None:
        self._beside.append(asyncio.create_task(work))

    async def _visit_over(self) -> BookingOutcome:
        """Reminders and news of a move, until the visit is over, cancelled, or staff have said how it went."""
        reminded_until = self._steps.now()
        while True:
            if self._moved is not None:
                moved, self._moved = self._moved, None
                self._moves.happened(moved, self._steps.now())
                reminded_until = self._steps.now()
            if self._cancelled is not None:
                return await self._settle_cancelled(self._cancelled)
            if self._visit is not None:
                return BookingOutcome(self._visit)
            if (news := self._moves.to_tell(self._steps.now())) is not None:
                self._start_beside(self._mails.tell_moved(news.starts_at, news.revision))
            reminder = next_reminder(self._starts_at, self._reminder_hours, reminded_until)
            due = min(reminder or self._ends_at, self._moves.due or self._ends_at, self._ends_at)
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
            if due == reminder:
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
        if due >= self._ends_at:
            waits_for = "the visit is over"
        else:
            waits_for = "tell of the new time" if due == self._moves.due else "remind of the appointment"
        return await answered_within(
            lambda: self._cancelled is not None or self._visit is not None or self._moved is not None,
            due - self._steps.now(),
            waits_for,
        )

    async def _settle_cancelled(self, cancelled: AppointmentCancelled) -> BookingOutcome:
        """The slot is free already; the money goes back and both sides are told, none waiting for the other."""
        refund_id = cancelled.refund_id or await self._withdraw(cancelled)
        self._reach("cancelled", "the cancellation to be settled")
        steps = [
            self._mails.tell_cancelled(self._starts_at, self._moves.known),
            self._mails.tell_front_desk_cancelled(),
        ]
        if refund_id is not None:
            steps.append(self._pre_payment.refund(refund_id))
        await asyncio.gather(*steps)
        return BookingOutcome.CANCELLED

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
        self._pre_payment.noticed(of_money=fact.of_money)

    @workflow.signal
    def appointment_cancelled(self, fact: AppointmentCancelled) -> None:
        self._cancelled = self._cancelled or fact
        self._pre_payment.give_up()

    @workflow.signal
    def hold_extended(self, fact: HoldExtended) -> None:
        self._pre_payment.hold_longer(fact.hold_expires_at)

    @workflow.signal
    def appointment_moved(self, fact: AppointmentMoved) -> None:
        self._starts_at = fact.starts_at
        self._ends_at = fact.ends_at
        self._moved = fact  # moved again before it was told: the newest time is told

    @workflow.signal
    def refund_asked(self, fact: RefundAsked) -> None:
        self._give_back(fact.refund_id)

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
