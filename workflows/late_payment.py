"""Late payment: a fee that comes in after its time was let go buys the same time, another one, or goes back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.late_fees import BookingStanding, LateFees, TakeUpLateFee
    from activities.pre_payment import Fee
    from domain.late_fees import LateFee
    from workflows.booking_mails import BookingMails
    from workflows.messages import BookingTerms
    from workflows.pre_payment import PrePayment
    from workflows.steps import Steps
    from workflows.waiting import answered_within


class LatePayment:
    """`answered`: has the client chosen or called off? `beside` sends mails that nothing waits for; `say` is told what
    is waited for, and until when.
    """

    def __init__(
        self,
        appointment_id: str,
        steps: Steps,
        pre_payment: PrePayment,
        mails: BookingMails,
        *,
        answered: Callable[[], bool],
        beside: Callable[[Coroutine[Any, Any, None]], None],
        say: Callable[[str, datetime | None], None],
    ) -> None:
        self._appointment_id = appointment_id
        self._steps = steps
        self._pre_payment = pre_payment
        self._mails = mails
        self._answered = answered
        self._beside = beside
        self._say = say

    async def run(self, payment_id: str) -> bool:
        """Look whether the fee came in after all. True when the appointment holds a time again."""
        fee = await self._pre_payment.close(payment_id)
        if fee is Fee.RAN_OUT:
            await self._pre_payment.give_back(payment_id)
        if fee in (Fee.GONE, Fee.RAN_OUT):
            return False
        if fee is Fee.MISMATCH:
            await self._pre_payment.reject(payment_id)
            return False
        taken = await self._steps.record("late_fee", LateFees.take_up_late_fee, self._command)
        if taken is not None and taken.turn is LateFee.KEEP_TIME:
            return True
        if taken is not None and taken.choose_until is not None and await self._chosen(taken.choose_until):
            return True
        await self.give_back(payment_id)
        return False

    async def give_back(self, payment_id: str) -> None:
        await self._pre_payment.give_back(payment_id)
        self._beside(self._mails.tell_of_returned_fee(payment_id))

    async def _chosen(self, until: datetime) -> bool:
        """Offer another time until then; the command that takes one holds it in the same moment."""
        self._beside(self._mails.offer_another_time(until))
        self._say("the client to choose another time, the fee being paid", until)
        await answered_within(self._answered, until - self._steps.now(), "no other time chosen: the fee goes back")
        nobody_chose = await self._steps.record("stop_choosing", LateFees.stop_choosing, self._command)
        return nobody_chose is False

    def _command(self, now: datetime) -> TakeUpLateFee:
        return TakeUpLateFee(appointment_id=self._appointment_id, now=now)


def terms_of(standing: BookingStanding) -> BookingTerms:
    return BookingTerms(
        starts_at=standing.starts_at,
        ends_at=standing.ends_at,
        hold_expires_at=standing.hold_expires_at,
        payment_id=standing.payment_id,
        reminder_hours=standing.reminder_hours,
    )
