"""A move is told after three minutes: what follows within them is told with it, as its result."""

from __future__ import annotations

from datetime import datetime

from domain.wording import spoken_time
from tests.driver import Person, Provider, ok, text_of
from tests.e2e.test_calendar_mails import told
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import slot_in


async def move(person: Person, appointment_id: str, starts_at: str) -> None:
    path = f"/api/v1/portal/appointments/{appointment_id}/move"
    ok(await person.request("POST", path, json={"starts_at": starts_at}))


async def test_moves_that_follow_one_another_are_told_once_as_their_result(
    world: TravellingWorld, provider: Provider
) -> None:
    await provider.change(require_fee=False)
    person = await world.ready_client(provider)
    first, second, third = [await slot_in(world, person, days=days) for days in (5, 8, 11)]  # no two on one Monday
    appointment = ok(await person.book(first), 201, 202)
    await person.in_state(appointment["id"], "booked")
    await provider.told(person.client_id, "confirmation_sent")

    await move(person, appointment["id"], second)
    await world.advance(minutes=2)
    assert await world.mails(person.address, "new time") == []
    await move(person, appointment["id"], third)
    await world.advance(minutes=1, hours=0.01)
    await provider.told(person.client_id, "move_notice_sent")
    (mail,) = await world.mails(person.address, "new time")
    method, event = told(mail)
    assert (method, event["SEQUENCE"], event["DTSTART"].dt) == ("REQUEST", 2, datetime.fromisoformat(third))
    assert len(await world.mails(provider.seeded.front_desk, "Appointment moved")) == 1

    # There and back again: nothing has changed that anybody would have to know.
    await move(person, appointment["id"], second)
    await move(person, appointment["id"], third)
    await world.advance(minutes=10)
    assert len(await world.mails(person.address, "new time")) == 1

    # A move that isn't told yet and a cancellation are a cancellation, of the time that the client knows.
    await move(person, appointment["id"], second)
    ok(await person.request("POST", f"/api/v1/portal/appointments/{appointment['id']}/cancel"))
    mail = await world.mail(person.address, "cancelled")
    method, event = told(mail)
    assert (method, event["SEQUENCE"]) == ("CANCEL", 6)
    assert spoken_time(datetime.fromisoformat(third), "America/New_York") in text_of(mail)
    await world.advance(minutes=10)
    assert len(await world.mails(person.address, "new time")) == 1


async def test_time_moves_on_when_what_was_done_before_has_been_told(
    world: TravellingWorld, provider: Provider
) -> None:
    await provider.change(require_fee=False)
    person = await world.ready_client(provider)
    appointment = ok(await person.book(await slot_in(world, person, days=5)), 201, 202)
    await provider.told(person.client_id, "confirmation_sent")
    # Somebody else is at telling what is about this client, and dies of it: the next one begins when their time is up.
    subject = f"client:{person.client_id}"
    world.execute(
        "UPDATE event_subject SET lease = 'somebody', leased_until = now() + interval '4 seconds'"
        f" WHERE subject = '{subject}'"
    )
    await move(person, appointment["id"], await slot_in(world, person, days=8))
    untold = "SELECT id FROM external_event WHERE subject = %s AND handled_at IS NULL"
    assert world.rows(untold, subject)
    await world.advance(minutes=2)
    assert world.rows(untold, subject) == []
    assert await world.mails(person.address, "new time") == []
