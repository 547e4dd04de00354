"""*I'll be there*: the link of a reminder shows, its button confirms, and a move asks anew."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from tests.driver import Person, Provider, World, ok, text_of


async def reminded(world: World, provider: Provider, person: Person, appointment: Any, *, hours: int) -> str:
    """The booking's own time moves on to that many hours ahead of the visit; what the first reminder says."""
    left = datetime.fromisoformat(appointment["starts_at"]) - timedelta(hours=hours) - await world.now()
    await world.fast_forward(f"booking:{appointment['id']}", seconds=int(left.total_seconds()) + 60)
    await provider.told(person.client_id, "appointment_reminder_sent")
    return text_of(await world.mail(person.address, "Reminder"))


def link_in(text: str) -> str:
    found = re.search(r"https?://\S+/attend/\S+", text)
    assert found is not None, text
    return found.group(0)


async def test_the_client_says_by_the_reminders_link_that_they_come(world: World, provider: Provider) -> None:
    await provider.change(reminder_hours=[48, 24], require_fee=False)
    person, appointment = await world.booked_client(provider)
    link = link_in(await reminded(world, provider, person, appointment, hours=48))

    # Mail scanners look at links: looking tells nobody anything.
    page = await world.http.get(link)
    assert page.status_code == 200
    assert "Will you be there?" in page.text
    assert person.address not in page.text
    assert "attendance_confirmed" not in await provider.timeline(person.client_id)

    for _ in range(2):
        done = await world.http.post(link)
        assert "See you then" in done.text
    assert (await provider.timeline(person.client_id)).count("attendance_confirmed") == 1

    # The next reminder doesn't ask what has been answered.
    await world.fast_forward(f"booking:{appointment['id']}", seconds=24 * 3600)
    await provider.told(person.client_id, "appointment_reminder_sent", times=2)
    second = text_of((await world.mails(person.address, "Reminder"))[0])
    assert "You have told us" in second
    assert "/attend/" not in second

    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
    for answer in (await world.http.get(link), await world.http.post(link)):
        assert "This appointment is cancelled" in answer.text


async def test_a_move_asks_anew_and_an_older_link_confirms_nothing(world: World, provider: Provider) -> None:
    await provider.change(require_fee=False)
    person, appointment = await world.booked_client(provider)
    link = link_in(await reminded(world, provider, person, appointment, hours=24))
    assert "See you then" in (await world.http.post(link)).text
    wanted = (await person.slots())[0]
    path = f"/api/v1/appointments/{appointment['id']}/move"
    ok(await provider.request("POST", path, json={"starts_at": wanted, "override_reason": "Agreed by phone."}))
    for answer in (await world.http.get(link), await world.http.post(link)):
        assert "This appointment has another time now" in answer.text
    asked = world.rows("SELECT attendance_confirmed_at FROM appointment WHERE id = %s", appointment["id"])
    assert asked[0]["attendance_confirmed_at"] is None
    refused = await world.http.get(link[:-4] + "wxyz")
    assert refused.status_code == 404
