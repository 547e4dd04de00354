"""Notices around an appointment: to the client, and to the front desk (ids and a link, no health data)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.calendar_part import CalendarParts
from activities.post import Letterhead, Post, letterhead
from db.called_off_days import words_about
from db.fees import amount_of, quote_of
from db.models import Appointment, Client, Payment
from db.policy_store import load_policy
from db.settings_store import load_availability
from db.tenancy import appointment_by_id, client_by_id, payment_of_appointment
from db.timeline import tell
from domain.cadence import reminder_waits_until
from domain.mail_facts import (
    appointment_facts,
    cancellation_facts,
    confirmation_facts,
    front_desk_facts,
    reminder_facts,
)
from domain.ports import CalendarMethod
from domain.refunds import in_words
from domain.stages import Actor
from domain.states import AppointmentStatus, PaymentState, TimelineKind
from domain.wording import spoken_time


class Occurrence(StrEnum):
    """What the front desk is told of."""

    SIGNED_UP = "signed_up"
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    ATTENTION = "attention"


_TAKEN = (PaymentState.CAPTURED, PaymentState.REFUNDED)


@dataclass(frozen=True, kw_only=True)
class SendAppointmentNotice:
    """`known_as` is the start by which the client knows the appointment, where a move wasn't told yet."""

    appointment_id: str
    now: datetime
    known_as: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RemindOfAppointment:
    """`starts_at` is the start that the reminder was planned for, `due` the moment: they name this reminder."""

    appointment_id: str
    starts_at: datetime
    due: datetime
    now: datetime


@dataclass(frozen=True, kw_only=True)
class TellFrontDesk:
    """`ref` is the appointment's id, or the client's for a sign-up."""

    client_id: str
    occurrence: Occurrence
    ref: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class _About:
    client: Client
    appointment: Appointment
    payment: Payment | None
    head: Letterhead
    when: str
    clients_zone: str  # by whose clock it is night
    notice_minutes: int | None  # until which the client can cancel online
    words: str  # of the practice's own, where it has called off the whole day

    @property
    def refund_rule(self) -> str:
        if self.payment is None:
            return ""
        quote = quote_of(self.payment)
        return in_words(quote.refund, quote.amount, self.notice_minutes)


class Notices:
    def __init__(self, post: Post, calendar: CalendarParts) -> None:
        self._post = post
        self._calendar = calendar

    @activity.defn
    async def send_booking_confirmation(self, command: SendAppointmentNotice) -> bool:
        """Tell the client that the appointment stands; False when it doesn't any more."""
        about = await self._about(command)
        if about.appointment.status == AppointmentStatus.CANCELLED:
            return False
        paid = about.payment is not None and about.payment.state == PaymentState.CAPTURED
        amount = amount_of(about.payment) if paid and about.payment else None
        extra = confirmation_facts(paid=amount, refund_rule=about.refund_rule)
        await self._send(
            command, about, "booking_confirmation", TimelineKind.CONFIRMATION_SENT, extra, method=CalendarMethod.REQUEST
        )
        return True

    @activity.defn
    async def send_cancellation_notice(self, command: SendAppointmentNotice) -> bool:
        """Tell the client that the appointment is off, and what happens to the fee."""
        about = await self._about(command)
        # Of a disputed payment the bank decides first: nothing is promised.
        told = about.payment is not None and not about.payment.disputed
        taken = about.payment is not None and told and about.payment.state in _TAKEN
        extra = cancellation_facts(
            paid=amount_of(about.payment) if about.payment and taken else None,
            due_minor=about.payment.refund_due_minor if about.payment and taken else 0,
            by_practice=about.appointment.cancelled_by == Actor.STAFF,
            words=about.words,
        )
        await self._send(
            command, about, "cancellation_notice", TimelineKind.CANCELLATION_SENT, extra, method=CalendarMethod.CANCEL
        )
        return True

    @activity.defn
    async def send_move_notice(self, command: SendAppointmentNotice) -> bool:
        """Tell the client the time as it is now; False when the appointment has been cancelled since."""
        about = await self._about(command)
        if about.appointment.status == AppointmentStatus.CANCELLED:
            return False
        extra: dict[str, object] = {"words": about.words}
        await self._send(command, about, "move_notice", TimelineKind.MOVE_SENT, extra, method=CalendarMethod.REQUEST)
        return True

    @activity.defn
    async def send_appointment_reminder(self, command: RemindOfAppointment) -> bool | datetime:
        """Remind of what stands now: False when it was cancelled, moved or has begun since the reminder was planned.

        At night, by the client's clock, nothing is sent: the answer is when to ask again.
        """
        notice = SendAppointmentNotice(appointment_id=command.appointment_id, now=command.now)
        about = await self._about(notice)
        stands = about.appointment.status == AppointmentStatus.BOOKED
        if not stands or about.appointment.starts_at != command.starts_at or command.now >= command.starts_at:
            return False
        morning = reminder_waits_until(command.now, command.due, command.starts_at, about.clients_zone)
        if morning is not None:
            return morning
        ref = f"{command.appointment_id}:{command.due:%Y%m%d%H%M}"
        extra = reminder_facts(
            attending_link=self._post.attending_link(about.appointment.id, about.appointment.revision),
            confirmed=about.appointment.attendance_confirmed_at is not None,
        )
        await self._send(notice, about, "appointment_reminder", TimelineKind.APPOINTMENT_REMINDED, extra, ref=ref)
        return True

    @activity.defn
    async def tell_front_desk(self, command: TellFrontDesk) -> None:
        """A line to the practice's own mailbox: what happened, and where to look."""
        async with self._post.database.transaction() as session:
            client = await client_by_id(session, command.client_id)
            head = await letterhead(session, client.provider_id)
        key = f"front-desk:{command.occurrence}:{command.ref}"
        site = self._post.link("")
        facts = front_desk_facts(site=site, occurrence=str(command.occurrence), client_id=client.id, ref=command.ref)

        async def done(session: AsyncSession) -> None:
            kind = TimelineKind.FRONT_DESK_TOLD
            await tell(session, client.id, kind, at=command.now, actor=Actor.SYSTEM, ref=key)

        await self._post.send(
            key,
            kind="front_desk",
            client=client,
            to=head.reply_to,
            head=head,
            letter=self._post.write("front_desk", head, facts),
            now=command.now,
            done=done,
        )

    async def _about(self, command: SendAppointmentNotice) -> _About:
        async with self._post.database.transaction() as session:
            appointment = await appointment_by_id(session, command.appointment_id)
            client = await client_by_id(session, appointment.client_id)
            availability = await load_availability(session, appointment.provider_id)
            policy = (await load_policy(session, appointment.provider_id, appointment.client_id)).policy
            notice = min(appointment.cancel_notice_minutes, policy.cancel_notice_minutes)
            return _About(
                client=client,
                appointment=appointment,
                payment=await payment_of_appointment(session, appointment.id),
                head=await letterhead(session, appointment.provider_id),
                when=spoken_time(command.known_as or appointment.starts_at, availability.timezone),
                clients_zone=client.timezone or availability.timezone,
                notice_minutes=notice if policy.clients_can_cancel else None,
                words=await words_about(session, appointment),
            )

    async def _send(
        self,
        command: SendAppointmentNotice,
        about: _About,
        name: str,
        told: TimelineKind,
        extra: dict[str, object],
        *,
        ref: str | None = None,
        method: CalendarMethod | None = None,
    ) -> None:
        """`ref` names the message once (by default the appointment's revision); `method` puts it into calendars."""
        appointment = about.appointment
        context = appointment_facts(
            site=self._post.link(""),
            appointment_id=appointment.id,
            first_name=about.client.first_name,
            when=about.when,
        )
        ref = ref or f"{appointment.id}:{appointment.revision}"

        async def done(session: AsyncSession) -> None:
            await tell(session, about.client.id, told, at=command.now, actor=Actor.SYSTEM, ref=ref)

        calendar = None
        if method is not None:
            calendar = self._calendar.about(appointment, about.client, about.head, method, command.now)
        await self._post.send(
            f"{name}:{ref}",
            kind=name,
            client=about.client,
            to=about.client.email,
            head=about.head,
            letter=self._post.write(name, about.head, context | extra),
            calendar=calendar,
            now=command.now,
            done=done,
        )
