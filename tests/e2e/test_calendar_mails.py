"""The client's calendar follows the appointment: booked, and cancelled."""

from __future__ import annotations

from typing import Any

from icalendar import Calendar

from tests.driver import Provider, World, ok


def told(mail: Any) -> tuple[str, Any]:
    """The method in the mail's header, and the one event in its calendar part."""
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    (event,) = calendar.walk("VEVENT")
    method = part["Content-Type"].params["method"]
    assert calendar["METHOD"] == method
    return method, event


async def test_the_calendar_is_told_of_the_booking_and_of_its_end(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    method, booked = told(await world.mail(person.address, "confirmed"))
    assert (method, booked["SEQUENCE"]) == ("REQUEST", appointment["revision"])
    assert booked["DTSTART"].dt.isoformat() == appointment["starts_at"].replace("Z", "+00:00")
    assert booked["UID"].startswith(f"{appointment['id']}@")
    assert booked["ATTENDEE"] == f"mailto:{person.address}"
    assert booked["ORGANIZER"] == f"mailto:{provider.seeded.front_desk}"

    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
    method, cancelled = told(await world.mail(person.address, "cancelled"))
    assert (method, cancelled["STATUS"]) == ("CANCEL", "CANCELLED")
    assert cancelled["UID"] == booked["UID"]
    assert cancelled["SEQUENCE"] > booked["SEQUENCE"]
