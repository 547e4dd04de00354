"""Notices about a fee that didn't go its ordinary way: to be paid again, good for another time, or on its way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.notices import SendAppointmentNotice
from activities.post import Letterhead, Post, letterhead
from db.models import Appointment, Client, Payment
from db.settings_store import load_availability
from db.tenancy import appointment_by_id, client_by_id, payment_of_appointment
from db.timeline import tell
from domain.errors import NotFound
from domain.money import Money
from domain.stages import Actor
from domain.states import AppointmentStatus, PaymentState, TimelineKind
from domain.wording import spoken_time


@dataclass(frozen=True, kw_only=True)
class SendFeeNotice:
    appointment_id: str
    payment_id: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class _About:
    client: Client
    appointment: Appointment
    payment: Payment
    head: Letterhead
    timezone: str

    @property
    def amount(self) -> str:
        return str(Money(amount_minor=self.payment.amount_minor, currency=self.payment.currency))


class FeeNotices:
    def __init__(self, post: Post) -> None:
        self._post = post

    @activity.defn
    async def send_pay_again_notice(self, command: SendFeeNotice) -> bool:
        """The bank refused what it had promised; False when the time isn't held any more."""
        about = await self._about(command.appointment_id, command.payment_id)
        held_until = about.appointment.hold_expires_at
        if about.appointment.status != AppointmentStatus.PENDING or held_until is None:
            return False
        extra = {"until": spoken_time(held_until, about.timezone)}
        await self._send(about, "fee_asked_again", TimelineKind.PAY_AGAIN_SENT, about.payment.id, command.now, extra)
        return True

    @activity.defn
    async def send_offer_of_another_time(self, command: SendAppointmentNotice) -> bool:
        """The fee came when the time was gone; False when the client has chosen already, or wants it back."""
        about = await self._about(command.appointment_id)
        choose_until = about.appointment.choose_until
        if choose_until is None:
            return False
        ref = f"{about.appointment.id}:{about.appointment.revision}"
        extra = {"until": spoken_time(choose_until, about.timezone)}
        await self._send(about, "another_time", TimelineKind.OTHER_TIME_OFFERED, ref, command.now, extra)
        return True

    @activity.defn
    async def send_fee_return_notice(self, command: SendFeeNotice) -> bool:
        """The fee isn't kept: let go before it was taken, or on its way back."""
        about = await self._about(command.appointment_id, command.payment_id)
        extra = {"taken": about.payment.state != PaymentState.VOIDED}
        await self._send(about, "fee_returned", TimelineKind.FEE_RETURN_SENT, about.payment.id, command.now, extra)
        return True

    async def _about(self, appointment_id: str, payment_id: str | None = None) -> _About:
        async with self._post.database.transaction() as session:
            appointment = await appointment_by_id(session, appointment_id)
            if payment_id is None:
                payment = await payment_of_appointment(session, appointment_id)
            else:
                payment = await session.get(Payment, payment_id)
            if payment is None:
                raise NotFound("There is no such payment.")
            return _About(
                client=await client_by_id(session, appointment.client_id),
                appointment=appointment,
                payment=payment,
                head=await letterhead(session, appointment.provider_id),
                timezone=(await load_availability(session, appointment.provider_id)).timezone,
            )

    async def _send(
        self, about: _About, name: str, told: TimelineKind, ref: str, now: datetime, extra: Mapping[str, object]
    ) -> None:
        context: dict[str, object] = {
            "first_name": about.client.first_name,
            "when": spoken_time(about.appointment.starts_at, about.timezone),
            "amount": about.amount,
            "link": self._post.link(f"/portal/appointments/{about.appointment.id}"),
        }

        async def done(session: AsyncSession) -> None:
            await tell(session, about.client.id, told, at=now, actor=Actor.SYSTEM, ref=ref)

        await self._post.send(
            f"{name}:{ref}",
            kind=name,
            client=about.client,
            to=about.client.email,
            head=about.head,
            letter=self._post.write(name, about.head, {**context, **extra}),
            now=now,
            done=done,
        )
