"""The client's calendar follows the appointment: booked, and cancelled."""

from __future__ import annotations

from datetime import datetime
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


async def test_through_two_moves_and_the_end_one_event_is_told_with_rising_sequence(
    world: World, provider: Provider
) -> None:
    person, appointment = await world.booked_client(provider)
    _, booked = told(await world.mail(person.address, "confirmed"))
    path = f"/api/v1/portal/appointments/{appointment['id']}"
    slots = await person.slots()
    events = [booked]
    for count, starts_at in enumerate((slots[-1], slots[-2]), start=1):
        ok(await person.request("POST", f"{path}/move", json={"starts_at": starts_at}))
        await provider.told(person.client_id, "move_notice_sent", times=count)
        method, moved = told((await world.mails(person.address, "new time"))[0])
        assert method == "REQUEST"
        assert moved["DTSTART"].dt == datetime.fromisoformat(starts_at)
        events.append(moved)
    ok(await person.request("POST", f"{path}/cancel"))
    method, cancelled = told(await world.mail(person.address, "cancelled"))
    events.append(cancelled)
    assert (method, cancelled["STATUS"]) == ("CANCEL", "CANCELLED")
    assert cancelled["DTSTART"].dt == events[-2]["DTSTART"].dt
    assert {str(event["UID"]) for event in events} == {str(booked["UID"])}
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2, 3]
    for event in events:
        assert provider.seeded.slug not in event.to_ical().decode()
