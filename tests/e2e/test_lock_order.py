"""What is locked by journeys and people at once is locked in one order, or each would wait for the other."""

from __future__ import annotations

import psycopg

from tests.driver import Provider, World, new_address, ok
from tests.locking import somebody_waits_for


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
