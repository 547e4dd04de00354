"""Pre-payment, as a part of the booking: hold, authorise, verify, capture; or the reason why the slot is freed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.bookings import ReleaseReason
    from activities.pre_payment import (
        Fee,
        OpenPrePayment,
        PayAgain,
        PrePayments,
        PrePaymentStep,
    )
    from activities.refunds import RefundPayment, Refunds
    from domain.holds import CHECKOUT_OUTLIVES_HOLD
    from workflows.failures import final_reason, is_final, weather_reason
    from workflows.messages import BookingTerms
    from workflows.options import PATIENT, PAYMENT, named
    from workflows.steps import OnLapse, Steps
    from workflows.waiting import answered_within

_SLOWEST_POLL = timedelta(minutes=2)


class PrePayment:
    """`say` is told what is waited for, and until when; `tell_to_pay_again`, that the fee is asked once more."""

    def __init__(
        self,
        steps: Steps,
        *,
        poll: timedelta,
        say: Callable[[str, datetime | None], None],
        tell_to_pay_again: Callable[[PayAgain], None],
    ) -> None:
        self._steps = steps
        self._poll = poll
        self._say = say
        self._tell_to_pay_again = tell_to_pay_again
        self._noticed = False
        self._given_up = False
        self._held_until: datetime | None = None
        # The processor has rung about money since we last looked.
        self.rung_about_money = False

    def noticed(self, *, of_money: bool) -> None:
        """Somebody rang: look at the payment again."""
        self._noticed = True
        self.rung_about_money = self.rung_about_money or of_money

    def hold_longer(self, until: datetime) -> None:
        """The client has asked for more time to pay."""
        self._hold(until)
        self._noticed = True

    def give_up(self) -> None:
        """The appointment isn't wanted any more."""
        self._given_up = True

    async def run(self, terms: BookingTerms) -> ReleaseReason | None:
        """Hold, authorise, verify, capture; None when the fee is in (or none is due), else why the slot is freed."""
        payment_id = terms.payment_id
        self._hold(terms.hold_expires_at)
        if payment_id is None:
            return ReleaseReason.CANCELLED if self._given_up else None
        while True:
            fee, failed = await self._ask_for(payment_id)
            if fee is Fee.GONE:
                return ReleaseReason.CANCELLED if self._given_up else failed
            if fee is Fee.MISMATCH:
                return await self.reject(payment_id)
            if self._given_up:
                if await self._let_go(payment_id) is Fee.CAPTURED:
                    # Taken past us: looked after once the time is let go.
                    self.rung_about_money = True
                return ReleaseReason.CANCELLED
            refusal = None if fee in (Fee.CAPTURED, Fee.WAIVED) else await self._take(payment_id, fee)
            if refusal is None or await self._let_go(payment_id) is Fee.CAPTURED:
                return None
            again = await self._pay_again(payment_id)
            if again is None:
                await self._steps.note("capture_pre_payment", refusal)
                return ReleaseReason.CAPTURE_FAILED
            payment_id = again.payment_id
            self._hold(again.hold_expires_at)

    async def close(self, payment_id: str, *, at_hold_end: bool = False) -> Fee:
        """Close the checkout, and wait until the processor has decided whether it was paid.

        `at_hold_end`: unless the time is held longer, which the records know first; it is open still, then.
        """
        pause = self._poll
        while (fee := await self._ask_processor(payment_id, closing=True, at_hold_end=at_hold_end)) is Fee.OPEN:
            if at_hold_end and self._left > timedelta():
                return Fee.OPEN
            await self._pause(pause, wake_on_cancel=False)
            pause = min(pause * 2, _SLOWEST_POLL)
        return fee

    async def reject(self, payment_id: str) -> ReleaseReason:
        """Never confirm what differs from what was asked: no money is kept, and a person looks at it."""
        await self._let_go(payment_id)
        await self._steps.note("pre_payment", "the payment differs from what was asked")
        return ReleaseReason.PAYMENT_MISMATCH

    async def give_back(self, payment_id: str) -> None:
        """Whatever has been paid: let the authorisation go, or refund what was taken."""
        await self._let_go(payment_id)
        refund_id = await self._steps.record(
            "owe_the_fee_back", PrePayments.owe_back, lambda now: PrePaymentStep(payment_id=payment_id, now=now)
        )
        if refund_id is not None:
            await self.refund(refund_id)

    async def refund(self, refund_id: str, step: str = "refund") -> None:
        """Money that is owed is never dropped: weather is waited out, and a refusal stays on the attention list."""
        await self._steps.take(
            step,
            Refunds.refund_payment,
            lambda now: RefundPayment(refund_id=refund_id, now=now),
            named(PAYMENT, "refund the fee"),
            on_lapse=OnLapse.STAY,
        )

    def _hold(self, until: datetime) -> None:
        self._held_until = until if self._held_until is None else max(self._held_until, until)

    @property
    def _left(self) -> timedelta:
        """Of the hold."""
        assert self._held_until is not None
        return self._held_until - self._steps.now()

    async def _ask_for(self, payment_id: str) -> tuple[Fee, ReleaseReason]:
        """What became of the fee, and what it means when nothing was paid."""
        if await self._open_checkout(payment_id):
            return await self._await_fee(payment_id), ReleaseReason.NOT_PAID
        # Refused or unanswered, it may have been opened all the same: nobody may pay for a slot that is free.
        return await self.close(payment_id), ReleaseReason.PAYMENT_REFUSED

    async def _open_checkout(self, payment_id: str) -> bool:
        """False when the processor refuses for good, or doesn't answer while the slot is held.

        A session is open for 30 min at least. Ours is closed when the hold ends: its own end lies safely beyond that.
        """
        assert self._held_until is not None
        ends = self._held_until + CHECKOUT_OUTLIVES_HOLD
        command = OpenPrePayment(payment_id=payment_id, checkout_expires_at=ends, now=self._steps.now())
        options = named(PAYMENT, "pre-payment: open the checkout")
        # Until the hold ends the client waits in front of the page: no long pauses between the tries.
        options["schedule_to_close_timeout"] = max(self._left, timedelta(seconds=20))
        options["retry_policy"] = PATIENT
        try:
            await workflow.execute_activity_method(PrePayments.open_pre_payment, command, **options)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            await self._steps.note("pre_payment", final_reason(error) if is_final(error) else weather_reason(error))
            return False
        return True

    async def _await_fee(self, payment_id: str) -> Fee:
        """Until it is paid, given up, or the hold ends. The webhook wakes us; where it is lost, polling finds out."""
        pause = self._poll
        while True:
            while (left := self._left) > timedelta() and not self._given_up:
                fee = await self._ask_processor(payment_id, closing=False)
                if fee is not Fee.OPEN:
                    return fee
                self._say("the fee to be paid", self._held_until)
                await self._pause(min(pause, left), wake_on_cancel=True)
                # A hold of a day needn't be asked after as often as one of half an hour.
                pause = min(pause * 2, max(_SLOWEST_POLL, left / 8))
            # Complete but not decided yet at the processor: the hold stays until it is.
            fee = await self.close(payment_id, at_hold_end=not self._given_up)
            if fee is not Fee.OPEN:
                return fee

    async def _ask_processor(self, payment_id: str, *, closing: bool, at_hold_end: bool = False) -> Fee:
        """A final refusal (an account that was closed, say) waits for a person; given up, the slot is freed."""
        activity = PrePayments.close_pre_payment if closing else PrePayments.verify_pre_payment
        words = "close the checkout" if closing else "verify"
        # What rings from here on is news.
        self._noticed = self.rung_about_money = False
        fee = await self._steps.take(
            "payment_status",
            activity,
            lambda now: PrePaymentStep(payment_id=payment_id, now=now, at_hold_end=at_hold_end),
            named(PAYMENT, f"pre-payment: {words}"),
        )
        return fee or Fee.MISMATCH

    async def _pause(self, longest: timedelta, *, wake_on_cancel: bool) -> None:
        # When nobody rings, we look all the same.
        await answered_within(
            lambda: self._noticed or (wake_on_cancel and self._given_up), longest, "look at the payment again"
        )

    async def _take(self, payment_id: str, fee: Fee) -> str | None:
        """None when the money is ours, else why not. Weather is waited out, the slot held meanwhile."""
        if fee is not Fee.RAN_OUT:
            try:
                fee = await self._move_money(payment_id, PrePayments.capture_pre_payment, "capture")
            except ActivityError as error:
                return final_reason(error)
        return None if fee is Fee.CAPTURED else f"the authorisation is {fee}"

    async def _let_go(self, payment_id: str) -> Fee | None:
        """How it stands then: captured, where that was done past us. None when the processor refuses."""
        try:
            return await self._move_money(payment_id, PrePayments.void_pre_payment, "void")
        except ActivityError as error:
            await self._steps.note("void_pre_payment", final_reason(error))
            return None

    async def _move_money(
        self, payment_id: str, activity: Callable[[Any, PrePaymentStep], Awaitable[Fee]], words: str
    ) -> Fee:
        options = named(PAYMENT, f"pre-payment: {words}")
        options["retry_policy"] = PATIENT
        command = PrePaymentStep(payment_id=payment_id, now=self._steps.now())
        return await workflow.execute_activity_method(activity, command, **options)

    async def _pay_again(self, payment_id: str) -> PayAgain | None:
        """The card was good when the fee was authorised, and isn't any more: nothing is kept, and the client told."""
        again = await self._steps.record(
            "ask_to_pay_again",
            PrePayments.ask_to_pay_again,
            lambda now: PrePaymentStep(payment_id=payment_id, now=now),
        )
        if again is not None:
            self._tell_to_pay_again(again)
        return again
