"""What a mail about an appointment tells the client's calendar, and when it keeps silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activities.calendar_part import CalendarParts
from activities.post import Letterhead
from db.models import Appointment, Client
from domain.ports import CalendarEvent, CalendarMethod, CalendarPart
from domain.states import AppointmentStatus

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
START = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
HEAD = Letterhead(
    practice_name="Lakeside Practice",
    practice_phone="555-010-0100",
    reply_to="desk@practice.example",
    provider_name="Dr. Rivera, Addiction Medicine",
    provider_slug="rivera",
)


class Written:
    """Keeps the events that it was asked to write."""

    def __init__(self) -> None:
        self.events: list[CalendarEvent] = []

    def write(self, event: CalendarEvent) -> CalendarPart:
        self.events.append(event)
        return CalendarPart(method=event.method, content=b"")


@pytest.fixture
def written() -> Written:
    return Written()


def about(
    written: Written, status: AppointmentStatus, method: CalendarMethod, revision: int = 0
) -> CalendarPart | None:
    client = Client(id="cli_x", first_name="Ann", last_name="Archer", email="ann@example.com")
    appointment = Appointment(
        id="apt_x",
        status=str(status),
        revision=revision,
        starts_at=START,
        ends_at=START + timedelta(minutes=50),
        cancel_reason="relapse",
    )
    parts = CalendarParts(written, base_url="https://portico.example", host="portico.example")
    return parts.about(appointment, client, HEAD, method, NOW)


def test_a_booked_appointment_is_told_in_neutral_words(written: Written) -> None:
    assert about(written, AppointmentStatus.BOOKED, CalendarMethod.REQUEST) is not None
    assert written.events == [
        CalendarEvent(
            method=CalendarMethod.REQUEST,
            uid="apt_x@portico.example",
            sequence=0,
            stamped_at=NOW,
            starts_at=START,
            ends_at=START + timedelta(minutes=50),
            summary="Appointment with Lakeside Practice",
            description=(
                "See it in the portal: https://portico.example/portal/appointments/apt_x\nQuestions? Call 555-010-0100."
            ),
            organizer_name="Lakeside Practice",
            organizer_email="desk@practice.example",
            attendee_email="ann@example.com",
        )
    ]


def test_a_cancellation_carries_the_revision_that_cancelled_and_no_reason(written: Written) -> None:
    assert about(written, AppointmentStatus.BOOKED, CalendarMethod.REQUEST) is not None
    assert about(written, AppointmentStatus.CANCELLED, CalendarMethod.CANCEL, revision=1) is not None
    booked, cancelled = written.events
    assert cancelled.uid == booked.uid
    assert (booked.sequence, cancelled.sequence) == (0, 1)
    assert not any(word in repr(written.events) for word in ("relapse", "Addiction", "Rivera", "Archer"))


@pytest.mark.parametrize("status", list(AppointmentStatus))
@pytest.mark.parametrize("method", list(CalendarMethod))
def test_a_mail_that_comes_late_tells_the_calendar_nothing_untrue(
    written: Written, status: AppointmentStatus, method: CalendarMethod
) -> None:
    told = about(written, status, method) is not None
    assert told == (
        (status, method)
        in {
            (AppointmentStatus.BOOKED, CalendarMethod.REQUEST),
            (AppointmentStatus.CANCELLED, CalendarMethod.CANCEL),
        }
    )
