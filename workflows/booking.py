"""One appointment: pre-payment, booking, the visit, and the money settled."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.bookings import (
        BookAppointment,
        Bookings,
        FulfilAppointment,
        ReleaseHold,
        ReleaseReason,
        WithdrawAppointment,
    )
    from activities.notices import Notices, Occurrence, SendAppointmentNotice, TellFrontDesk
    from activities.pre_payment import Fee, OpenPrePayment, PrePayments, PrePaymentStep, RefundPayment
    from domain.states import AppointmentStatus
    from workflows.details import booking_details
    from workflows.messages import (
        AppointmentCancelled,
        BookingOutcome,
        BookingSettled,
        PaymentNoticed,
        ResolveAttention,
        StartBooking,
        VisitRecorded,
    )
    from workflows.naming import client_journey_id
    from workflows.options import MAIL, PAYMENT, RECORDS, named
    from workflows.search_attributes import STAGE
    from workflows.steps import Steps, final_reason

# The processor keeps a session open for 30 min at least; ours is closed by the workflow when the hold ends, so the
# session's own end only has to lie safely beyond that.
_CHECKOUT_MARGIN = timedelta(hours=1)
_SLOWEST_POLL = timedelta(minutes=2)


@workflow.defn
class Booking:
    """Child of the client's journey, which it outlives: it ends when the visit is over and the money settled."""

    @workflow.init
    def __init__(self, start: StartBooking) -> None:
        self._start = start
        self._steps = Steps(start.client_id, start.skew_seconds)
        self._state = "pending"
        self._waits_for = ""
        self._until: datetime | None = None
        self._sent: list[str] = []
        self._noticed = False
        self._cancelled: AppointmentCancelled | None = None
        self._visit: AppointmentStatus | None = None

    @workflow.run
    async def run(self, start: StartBooking) -> BookingOutcome:
        refused = await self._pre_payment()
        if refused is None and await self._book():
            if self._cancelled is None:
                await self._tell_booked()
            outcome = await self._visit_over()
        else:
            outcome = await self._release(refused or ReleaseReason.CANCELLED)
        self._wait("what is under way to finish")
        await workflow.wait_condition(workflow.all_handlers_finished)
        self._reach(outcome, "nothing: the booking is closed")
        return outcome

    # Pre-payment

    async def _pre_payment(self) -> ReleaseReason | None:
        """Hold, authorise, verify, capture; None when the fee is in (or none was due), else why the slot is freed."""
        if self._start.payment_id is None:
            return ReleaseReason.CANCELLED if self._cancelled else None
        try:
            await workflow.execute_activity_method(
                PrePayments.open_pre_payment,
                OpenPrePayment(
                    payment_id=self._start.payment_id,
                    checkout_expires_at=self._start.hold_expires_at + _CHECKOUT_MARGIN,
                    now=self._steps.now(),
                ),
                **named(PAYMENT, "pre-payment: open the checkout"),
            )
        except ActivityError as error:
            await self._steps.note("pre_payment", final_reason(error))
            return ReleaseReason.PAYMENT_REFUSED
        fee = await self._await_fee()
        if fee is Fee.GONE:
            return ReleaseReason.CANCELLED if self._cancelled else ReleaseReason.NOT_PAID
        if fee is Fee.MISMATCH:
            return await self._reject("the payment differs from what was asked")
        if self._cancelled:
            await self._let_go()
            return ReleaseReason.CANCELLED
        if fee is Fee.AUTHORIZED:
            fee = await self._capture()
        return None if fee is Fee.CAPTURED else await self._reject("the authorised fee could not be captured")

    async def _await_fee(self) -> Fee:
        """Until it is paid, given up, or the hold ends. The webhook wakes us; where it is lost, polling finds out."""
        pause = timedelta(seconds=self._start.payment_poll_seconds)
        while True:
            left = self._start.hold_expires_at - self._steps.now()
            over = left <= timedelta() or self._cancelled is not None
            fee = await self._ask_processor(closing=over)
            if fee is not Fee.OPEN:
                return fee
            if over:
                left = pause  # Complete but not decided yet at the processor: the hold stays until it is.
            self._wait("the fee to be paid", self._start.hold_expires_at)
            self._noticed = False
            await self._pause(min(pause, left), wake_on_cancel=not over)
            pause = min(pause * 2, _SLOWEST_POLL)

    async def _ask_processor(self, *, closing: bool) -> Fee:
        """A final refusal (an account that was closed, say) waits for a person; given up, the slot is freed."""
        fee = await self._steps.take("payment_status", self._close_checkout if closing else self._verify)
        return fee or Fee.MISMATCH

    async def _pause(self, longest: timedelta, *, wake_on_cancel: bool) -> None:
        with contextlib.suppress(TimeoutError):  # Nobody rang: look all the same.
            await workflow.wait_condition(
                lambda: self._noticed or (wake_on_cancel and self._cancelled is not None),
                timeout=longest,
                timeout_summary="look at the payment again",
            )

    async def _verify(self) -> Fee:
        return await workflow.execute_activity_method(
            PrePayments.verify_pre_payment, self._payment_step(), **named(PAYMENT, "pre-payment: verify")
        )

    async def _close_checkout(self) -> Fee:
        return await workflow.execute_activity_method(
            PrePayments.close_pre_payment, self._payment_step(), **named(PAYMENT, "pre-payment: close the checkout")
        )

    async def _capture(self) -> Fee:
        try:
            return await workflow.execute_activity_method(
                PrePayments.capture_pre_payment, self._payment_step(), **named(PAYMENT, "pre-payment: capture")
            )
        except ActivityError as error:
            await self._steps.note("capture_pre_payment", final_reason(error))
            return Fee.MISMATCH

    async def _let_go(self) -> None:
        try:
            await workflow.execute_activity_method(
                PrePayments.void_pre_payment, self._payment_step(), **named(PAYMENT, "pre-payment: void")
            )
        except ActivityError as error:
            await self._steps.note("void_pre_payment", final_reason(error))

    async def _reject(self, reason: str) -> ReleaseReason:
        """Never confirm what differs from what was asked: no money is kept, and a person looks at it."""
        await self._let_go()
        await self._steps.note("pre_payment", reason)
        return ReleaseReason.PAYMENT_MISMATCH

    # Booking and visit

    async def _book(self) -> bool:
        return await workflow.execute_activity_method(
            Bookings.book_appointment,
            BookAppointment(appointment_id=self._start.appointment_id, now=self._steps.now()),
            **named(RECORDS, "booking: the appointment stands"),
        )

    async def _tell_booked(self) -> None:
        self._reach("booked", "the visit", self._start.ends_at)
        await self._tell_journey(booked=True)
        await self._steps.take("booking_confirmation", self._send_confirmation)
        await self._steps.take("front_desk_booked", lambda: self._tell_front_desk(Occurrence.BOOKED))

    async def _visit_over(self) -> BookingOutcome:
        self._wait("the visit to be over", self._start.ends_at)
        left = max(self._start.ends_at - self._steps.now(), timedelta())
        with contextlib.suppress(TimeoutError):  # The usual end.
            await workflow.wait_condition(
                lambda: self._cancelled is not None or self._visit is not None,
                timeout=left,
                timeout_summary="the visit is over",
            )
        if self._cancelled is not None:
            return await self._settle_cancelled(self._cancelled)
        if self._visit is not None:
            return BookingOutcome(self._visit)
        status = await workflow.execute_activity_method(
            Bookings.fulfil_appointment,
            FulfilAppointment(appointment_id=self._start.appointment_id, now=self._steps.now()),
            **named(RECORDS, "the visit is over"),
        )
        return BookingOutcome(status)

    async def _settle_cancelled(self, cancelled: AppointmentCancelled) -> BookingOutcome:
        """The slot is free already; the client gets the money back and both sides are told."""
        refund_id = cancelled.refund_id or await self._withdraw(cancelled)
        self._reach("cancelled", "the cancellation to be settled")
        await self._steps.take("cancellation_notice", self._send_cancellation)
        if refund_id is not None:
            refund = RefundPayment(refund_id=refund_id, now=self._steps.now())
            await self._steps.take("refund", lambda: self._refund(refund))
        await self._steps.take("front_desk_cancelled", lambda: self._tell_front_desk(Occurrence.CANCELLED))
        return BookingOutcome.CANCELLED

    async def _release(self, reason: ReleaseReason) -> BookingOutcome:
        command = ReleaseHold(appointment_id=self._start.appointment_id, reason=reason, now=self._steps.now())
        await workflow.execute_activity_method(
            Bookings.release_hold, command, **named(RECORDS, f"release the slot ({reason})")
        )
        await self._tell_journey(booked=False)
        return BookingOutcome.RELEASED

    # Single steps

    async def _withdraw(self, cancelled: AppointmentCancelled) -> str | None:
        return await workflow.execute_activity_method(
            Bookings.withdraw_appointment,
            WithdrawAppointment(
                appointment_id=self._start.appointment_id, cancelled_by=cancelled.cancelled_by, now=self._steps.now()
            ),
            **named(RECORDS, "cancel what was booked meanwhile"),
        )

    async def _send_confirmation(self) -> None:
        await workflow.execute_activity_method(
            Notices.send_booking_confirmation, self._notice(), **named(MAIL, "booking confirmation")
        )
        self._note_sent("confirmation")

    async def _send_cancellation(self) -> None:
        await workflow.execute_activity_method(
            Notices.send_cancellation_notice, self._notice(), **named(MAIL, "cancellation notice")
        )
        self._note_sent("cancellation notice")

    async def _refund(self, refund: RefundPayment) -> None:
        await workflow.execute_activity_method(PrePayments.refund_payment, refund, **named(PAYMENT, "refund the fee"))

    async def _tell_front_desk(self, occurrence: Occurrence) -> None:
        command = TellFrontDesk(
            client_id=self._start.client_id,
            occurrence=occurrence,
            ref=self._start.appointment_id,
            now=self._steps.now(),
        )
        await workflow.execute_activity_method(Notices.tell_front_desk, command, **named(MAIL, "tell the front desk"))

    async def _tell_journey(self, *, booked: bool) -> None:
        journey = workflow.get_external_workflow_handle(client_journey_id(self._start.client_id))
        # Refused when the journey has closed: a client who came back, or one whose journey an operator ended.
        with contextlib.suppress(ApplicationError):
            await journey.signal(
                "booking_settled", BookingSettled(appointment_id=self._start.appointment_id, booked=booked)
            )

    def _payment_step(self) -> PrePaymentStep:
        assert self._start.payment_id is not None
        return PrePaymentStep(payment_id=self._start.payment_id, now=self._steps.now())

    def _notice(self) -> SendAppointmentNotice:
        return SendAppointmentNotice(appointment_id=self._start.appointment_id, now=self._steps.now())

    # What the booking is told

    @workflow.signal
    def payment_noticed(self, fact: PaymentNoticed) -> None:
        self._noticed = True

    @workflow.signal
    def appointment_cancelled(self, fact: AppointmentCancelled) -> None:
        self._cancelled = self._cancelled or fact

    @workflow.signal
    def visit_recorded(self, fact: VisitRecorded) -> None:
        self._visit = fact.status

    @workflow.update
    def resolve_attention(self, answer: ResolveAttention) -> None:
        self._steps.answer(answer.step, answer.action)

    @resolve_attention.validator
    def _step_is_stuck(self, answer: ResolveAttention) -> None:
        if answer.step not in self._steps.stuck:
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
                journey=client_journey_id(self._start.client_id),
                sent=self._sent,
            )
        )
