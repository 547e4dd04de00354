"""The mails around one appointment, as steps: each says what stands when it is sent, and is dropped when too late."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.fee_notices import FeeNotices, SendFeeNotice
    from activities.notices import Notices, Occurrence, RemindOfAppointment, SendAppointmentNotice, TellFrontDesk
    from activities.pre_payment import PayAgain
    from domain.cadence import cancellation_not_after, front_desk_not_after, reminder_not_after
    from workflows.options import MAIL, named
    from workflows.steps import Steps

# A notice about an appointment that is about to begin is sent all the same, for this long.
_NOTICE_KEEPS = timedelta(hours=1)

# Where money is, is told late rather than not at all.
_RETURNED_FEE_KEEPS = timedelta(days=7)


class BookingMails:
    """`note_sent` is told of each mail to the client that went out."""

    def __init__(self, appointment_id: str, client_id: str, steps: Steps, note_sent: Callable[[str], None]) -> None:
        self._appointment_id = appointment_id
        self._client_id = client_id
        self._steps = steps
        self._note_sent = note_sent

    async def tell_booked(self, starts_at: datetime) -> None:
        await self._notify(
            "booking_confirmation", Notices.send_booking_confirmation, "booking confirmation", self._until(starts_at)
        )
        await self._tell_front_desk(Occurrence.BOOKED)

    async def tell_moved(self, starts_at: datetime, revision: int) -> None:
        await self._notify(
            f"move_notice:{revision}", Notices.send_move_notice, "notice of the new time", self._until(starts_at)
        )
        await self._tell_front_desk(Occurrence.MOVED, f":{revision}")

    async def tell_cancelled(self, starts_at: datetime, known: datetime | None) -> None:
        """`known` is the time by which the client knows the appointment, where it was moved since and not told."""
        not_after = cancellation_not_after(self._steps.now(), max(starts_at, known or starts_at))
        await self._notify(
            "cancellation_notice", Notices.send_cancellation_notice, "cancellation notice", not_after, known
        )

    async def tell_front_desk_cancelled(self) -> None:
        await self._tell_front_desk(Occurrence.CANCELLED)

    async def ask_to_pay_again(self, again: PayAgain) -> None:
        await self._about_fee(
            "ask_to_pay_again",
            FeeNotices.send_pay_again_notice,
            again.payment_id,
            again.hold_expires_at,
            "asked to pay again",
        )

    async def offer_another_time(self, until: datetime) -> None:
        await self._notify("offer_another_time", FeeNotices.send_offer_of_another_time, "offer of another time", until)

    async def tell_of_returned_fee(self, payment_id: str) -> None:
        not_after = self._steps.now() + _RETURNED_FEE_KEEPS
        await self._about_fee(
            "fee_return_notice", FeeNotices.send_fee_return_notice, payment_id, not_after, "fee returned"
        )

    async def remind(self, starts_at: datetime, due: datetime) -> None:
        """At night, where the client is, it waits for the morning."""
        while isinstance(sent := await self._take_reminder(starts_at, due), datetime):
            await workflow.sleep(max(sent - self._steps.now(), timedelta()), summary="it is night where the client is")
        if sent:
            self._note_sent("reminder")

    async def _take_reminder(self, starts_at: datetime, due: datetime) -> bool | datetime | None:
        return await self._steps.take(
            f"appointment_reminder:{due:%Y-%m-%dT%H:%M}",
            Notices.send_appointment_reminder,
            lambda now: RemindOfAppointment(appointment_id=self._appointment_id, starts_at=starts_at, due=due, now=now),
            named(MAIL, "remind of the appointment"),
            not_after=reminder_not_after(due, starts_at),
        )

    def _until(self, starts_at: datetime) -> datetime:
        """Of no use once the visit has begun."""
        return max(starts_at, self._steps.now() + _NOTICE_KEEPS)

    async def _notify(
        self,
        step: str,
        activity: Callable[[Any, SendAppointmentNotice], Awaitable[bool]],
        words: str,
        not_after: datetime,
        known: datetime | None = None,
    ) -> None:
        sent = await self._steps.take(
            step,
            activity,
            lambda now: SendAppointmentNotice(appointment_id=self._appointment_id, now=now, known_as=known),
            named(MAIL, words),
            not_after=not_after,
        )
        if sent:
            self._note_sent(words)

    async def _about_fee(
        self,
        step: str,
        activity: Callable[[Any, SendFeeNotice], Awaitable[bool]],
        payment_id: str,
        not_after: datetime,
        words: str,
    ) -> None:
        sent = await self._steps.take(
            f"{step}:{payment_id}",
            activity,
            lambda now: SendFeeNotice(appointment_id=self._appointment_id, payment_id=payment_id, now=now),
            named(MAIL, words),
            not_after=not_after,
        )
        if sent:
            self._note_sent(words)

    async def _tell_front_desk(self, occurrence: Occurrence, suffix: str = "") -> None:
        await self._steps.take(
            f"front_desk_{occurrence}",
            Notices.tell_front_desk,
            lambda now: TellFrontDesk(
                client_id=self._client_id,
                occurrence=occurrence,
                ref=f"{self._appointment_id}{suffix}",
                now=now,
            ),
            named(MAIL, "tell the front desk"),
            not_after=front_desk_not_after(self._steps.now()),
        )
