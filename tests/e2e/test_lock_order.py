"""What is locked by journeys and people at once is locked in one order, or each would wait for the other."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from tests.driver import Provider, World, new_address, ok, problem
from tests.e2e.test_called_off_days import a_tuesday, at, call_off
from tests.locking import both_in_turn, somebody_waits_for


async def test_a_mail_that_has_gone_out_waits_for_the_client_before_it_touches_the_invitation(
    world: World, provider: Provider
) -> None:
    address = new_address()
    mailbox = f"{world.endpoints['mailbox_url']}/api"
    held = [{"to": address, "reply": "hold", "times": 1}]
    ok(await world.http.put(f"{mailbox}/faults", json=held), 200, 204)
    client = await provider.invite(email=address)
    await world.invitation_token(address)  # the message is there, its answer isn't
    # As when somebody at the practice sends another link in this moment.
    with psycopg.connect(world.endpoints["database_url"]) as practice:
        practice.execute("SELECT 1 FROM client WHERE id = %s FOR UPDATE", (client["id"],))
        ok(await world.http.put(f"{mailbox}/faults", json=[]), 200, 204)
        await somebody_waits_for(world, practice)
        practice.execute("SELECT 1 FROM invitation WHERE client_id = %s FOR UPDATE NOWAIT", (client["id"],))
    await provider.told(client["id"], "invitation_sent")


async def test_who_books_while_a_day_is_called_off_is_on_its_list_or_finds_it_closed(
    world: World, provider: Provider
) -> None:
    await provider.change(require_fee=False)
    person, other = [await world.invited_client(provider) for _ in range(2)]
    day = await a_tuesday(world)
    booked, run = await both_in_turn(world, provider, person.book(at(day, 9)), call_off(provider, day))
    assert [one["appointment_id"] for one in run["items"]] == [ok(booked, 201, 202)["id"]]

    day += timedelta(days=1)
    run, late = await both_in_turn(world, provider, call_off(provider, day), other.book(at(day, 9)))
    assert run["items"] == []
    problem(late, "slot-unavailable", 409)
