"""What is stuck beside the client's way stays on the list when the journey goes on in a new run."""

from __future__ import annotations

from tests.driver import Provider, new_address, ok
from tests.e2e.test_beside_the_way import refuse, waiting_steps
from tests.virtual_time.conftest import TravellingWorld


async def test_a_refused_greeting_outlasts_the_run_it_was_refused_in(
    world: TravellingWorld, provider: Provider
) -> None:
    address = new_address()
    await refuse(world, {"to": address, "reply": 550, "times": 2, "subject": "welcome"})
    ok(await world.sign_up(provider, email=address), 202)
    person = await world.open_account(provider, address)
    await person.submit_intake()
    appointment = ok(await person.book(), 201, 202)
    await person.checkout(appointment["id"])  # an open child: time can only move on in a new run

    await world.advance(minutes=5)

    assert await waiting_steps(provider, person.client_id) == [f"greeting:{person.client_id}"]
    await refuse(world)
    ok(await provider.request("POST", f"/api/v1/clients/{person.client_id}/retry"), 200, 202)
    await provider.told(person.client_id, "greeting_sent")
    assert len(await world.mails(address, "welcome")) == 1
    assert (await provider.timeline(person.client_id)).count("attention_raised") == 1
