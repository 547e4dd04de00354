"""Pre-payment, as a part of the booking: hold, authorise, verify, capture; or the reason why the slot is freed."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.bookings import ReleaseReason
    from activities.pre_payment import Fee, OpenPrePayment, PrePayments, PrePaymentStep
    from workflows.messages import StartBooking
    from workflows.options import PATIENT, PAYMENT, named
    from workflows.steps import Steps, final_reason, is_final, weather_reason

# The processor keeps a session open for 30 min at least; ours is closed by the workflow when the hold ends, so the
# session's own end only has to lie safely beyond that.
_CHECKOUT_MARGIN = timedelta(hours=1)
_SLOWEST_POLL = timedelta(minutes=2)


class PrePayment:
    """`say` is told what is waited for, and until when."""

    def __init__(self, start: StartBooking, steps: Steps, say: Callable[[str, datetime | None], None]) -> None:
        self._start = start
        self._steps = steps
        self._say = say
        self._noticed = False
        self._given_up = False

    def noticed(self) -> None:
        """Somebody rang: look at the payment again."""
        self._noticed = True

    def give_up(self) -> None:
        """The appointment isn't wanted any more."""
        self._given_up = True

    async def run(self) -> ReleaseReason | None:
        """Hold, authorise, verify, capture; None when the fee is in (or none was due), else why the slot is freed."""
        if self._start.payment_id is None:
            return ReleaseReason.CANCELLED if self._given_up else None
        if not await self._open_checkout(self._start.payment_id):
            return ReleaseReason.CANCELLED if self._given_up else ReleaseReason.PAYMENT_REFUSED
        fee = await self._await_fee()
        if fee is Fee.GONE:
            return ReleaseReason.CANCELLED if self._given_up else ReleaseReason.NOT_PAID
        if fee is Fee.MISMATCH:
            return await self._reject("the payment differs from what was asked")
        if self._given_up:
            await self._let_go()
            return ReleaseReason.CANCELLED
        if fee is Fee.AUTHORIZED:
            fee = await self._capture()
        return None if fee is Fee.CAPTURED else await self._reject("the authorised fee could not be captured")

    async def _open_checkout(self, payment_id: str) -> bool:
        """False when the processor refuses for good, or doesn't answer while the slot is held."""
        expires_at = self._start.hold_expires_at + _CHECKOUT_MARGIN
        command = OpenPrePayment(payment_id=payment_id, checkout_expires_at=expires_at, now=self._steps.now())
        options = named(PAYMENT, "pre-payment: open the checkout")
        left = self._start.hold_expires_at - self._steps.now()
        # Until the hold ends the client waits in front of the page: no long pauses between the tries.
        options["schedule_to_close_timeout"] = max(left, timedelta(seconds=20))
        options["retry_policy"] = PATIENT
        try:
            await workflow.execute_activity_method(PrePayments.open_pre_payment, command, **options)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await self._steps.note("pre_payment", final_reason(error) if is_final(error) else weather_reason(error))
            return False
        return True

    async def _await_fee(self) -> Fee:
        """Until it is paid, given up, or the hold ends. The webhook wakes us; where it is lost, polling finds out."""
        pause = timedelta(seconds=self._start.payment_poll_seconds)
        while True:
            left = self._start.hold_expires_at - self._steps.now()
            over = left <= timedelta() or self._given_up
            fee = await self._ask_processor(closing=over)
            if fee is not Fee.OPEN:
                return fee
            if over:
                left = pause  # Complete but not decided yet at the processor: the hold stays until it is.
            self._say("the fee to be paid", self._start.hold_expires_at)
            self._noticed = False
            await self._pause(min(pause, left), wake_on_cancel=not over)
            pause = min(pause * 2, _SLOWEST_POLL)

    async def _ask_processor(self, *, closing: bool) -> Fee:
        """A final refusal (an account that was closed, say) waits for a person; given up, the slot is freed."""
        activity = PrePayments.close_pre_payment if closing else PrePayments.verify_pre_payment
        words = "close the checkout" if closing else "verify"
        fee = await self._steps.take(
            "payment_status", activity, self._payment_step, named(PAYMENT, f"pre-payment: {words}")
        )
        return fee or Fee.MISMATCH

    async def _pause(self, longest: timedelta, *, wake_on_cancel: bool) -> None:
        with contextlib.suppress(TimeoutError):  # Nobody rang: look all the same.
            await workflow.wait_condition(
                lambda: self._noticed or (wake_on_cancel and self._given_up),
                timeout=longest,
                timeout_summary="look at the payment again",
            )

    async def _capture(self) -> Fee:
        """Weather is waited out, the slot held meanwhile; a refusal is final, and the money is let go."""
        return await self._move_money(PrePayments.capture_pre_payment, "capture") or Fee.MISMATCH

    async def _let_go(self) -> None:
        await self._move_money(PrePayments.void_pre_payment, "void")

    async def _move_money(self, activity: Callable[[Any, PrePaymentStep], Awaitable[Fee]], words: str) -> Fee | None:
        options = named(PAYMENT, f"pre-payment: {words}")
        options["retry_policy"] = PATIENT
        try:
            return await workflow.execute_activity_method(activity, self._payment_step(self._steps.now()), **options)
        except ActivityError as error:
            await self._steps.note(f"{words}_pre_payment", final_reason(error))
            return None

    async def _reject(self, reason: str) -> ReleaseReason:
        """Never confirm what differs from what was asked: no money is kept, and a person looks at it."""
        await self._let_go()
        await self._steps.note("pre_payment", reason)
        return ReleaseReason.PAYMENT_MISMATCH

    def _payment_step(self, now: datetime) -> PrePaymentStep:
        assert self._start.payment_id is not None
        return PrePaymentStep(payment_id=self._start.payment_id, now=now)
