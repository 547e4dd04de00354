"""What a mail about an appointment tells the client's calendar."""

from __future__ import annotations

from datetime import datetime

from activities.post import Letterhead
from db.models import Appointment, Client
from domain.ports import CalendarEvent, CalendarMethod, CalendarPart, Calendars
from domain.states import AppointmentStatus

# What must be true of the appointment when a message of that method is written.
_STANDS_AS = {
    CalendarMethod.REQUEST: AppointmentStatus.BOOKED,
    CalendarMethod.CANCEL: AppointmentStatus.CANCELLED,
}


class CalendarParts:
    """`host` is the right-hand side of every UID; when it changes, calendars know their events no more."""

    def __init__(self, calendars: Calendars, *, base_url: str, host: str) -> None:
        self._calendars = calendars
        self._base_url = base_url
        self._host = host

    def about(
        self, appointment: Appointment, client: Client, head: Letterhead, method: CalendarMethod, now: datetime
    ) -> CalendarPart | None:
        """The part for this client's mail; None where the appointment has moved on since the mail was ordered.

        A confirmation that goes out late carries the newest revision, and must not put back what has been cancelled
        meanwhile: calendars believe the younger of two messages with one SEQUENCE (RFC 5546 2.1.5).
        """
        if appointment.status != _STANDS_AS[method]:
            return None
        # Neutral: calendars are shared, shown on lock screens and read by employers. No service, provider or reason.
        event = CalendarEvent(
            method=method,
            uid=f"{appointment.id}@{self._host}",
            sequence=appointment.revision,
            stamped_at=now,
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            summary=f"Appointment with {head.practice_name}",
            description=self._description(appointment, head),
            organizer_name=head.practice_name,
            organizer_email=head.reply_to,
            attendee_email=client.email,
        )
        return self._calendars.write(event)

    def _description(self, appointment: Appointment, head: Letterhead) -> str:
        link = f"{self._base_url}/portal/appointments/{appointment.id}"
        return f"See it in the portal: {link}\nQuestions? Call {head.practice_phone}."
