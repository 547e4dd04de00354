"""A reminder that is due at night, where the client is, goes out in their morning."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.driver import Provider
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import pay_and_book, slot_in


async def test_nobody_is_reminded_at_night(world: TravellingWorld, provider: Provider) -> None:
    person = await world.ready_client(provider)
    # What is afternoon at the practice is night where the client is.
    world.execute(f"UPDATE client SET timezone = 'Asia/Tokyo' WHERE id = '{person.client_id}'")
    appointment = await pay_and_book(world, person, await slot_in(world, person, days=3))
    starts_at = datetime.fromisoformat((await person.appointment(appointment))["starts_at"])
    due = starts_at - timedelta(hours=24)
    left = due - await world.now()
    await world.advance(minutes=left.total_seconds() / 60 + 1)
    ahead = (await provider.get(f"/api/v1/clients/{person.client_id}/outlook"))["ahead"]
    morning = next(datetime.fromisoformat(one["at"]) for one in ahead if one["kind"] == "appointment_reminder")
    assert timedelta() < morning - due <= timedelta(hours=11)
    await world.advance(hours=12)
    await provider.told(person.client_id, "appointment_reminder_sent")
    await world.mail(person.address, "Reminder")
    items = (await provider.get(f"/api/v1/clients/{person.client_id}/timeline"))["items"]
    (told,) = [one for one in items if one["kind"] == "appointment_reminder_sent"]
    assert datetime.fromisoformat(told["at"]) >= morning
