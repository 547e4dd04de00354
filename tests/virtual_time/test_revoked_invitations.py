"""After an invitation is taken back: no reminders, and a month in which the practice can invite again."""

from __future__ import annotations

from tests.driver import Provider, ok
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_long_stretches import closed


async def test_nobody_is_reminded_and_after_a_month_the_way_is_closed(
    world: TravellingWorld, provider: Provider
) -> None:
    invited = await provider.invite()
    await provider.told(invited["id"], "invitation_sent")
    await world.advance(days=2)
    ok(await provider.request("POST", f"/api/v1/clients/{invited['id']}/invitation/revoke"))
    await world.advance(days=28)
    assert (await provider.client(invited["id"]))["stage"] == "invited"
    await world.advance(days=3)
    lapsed = await provider.stage(invited["id"], "closed")
    assert (lapsed["outcome"], lapsed["portal_status"], lapsed["invitation"]["state"]) == ("lapsed", "no", "revoked")
    await closed(world, f"client-journey:{invited['id']}")
    assert not {"invitation_reminder_sent", "invitation_expired"} & set(await provider.timeline(invited["id"]))
    assert len(await world.mails(invited["email"])) == 1


async def test_invited_again_the_client_is_reminded_of_the_new_link(world: TravellingWorld, provider: Provider) -> None:
    invited = await provider.invite()
    await provider.told(invited["id"], "invitation_sent")
    ok(await provider.request("POST", f"/api/v1/clients/{invited['id']}/invitation/revoke"))
    await world.advance(days=20)
    ok(await provider.request("POST", f"/api/v1/clients/{invited['id']}/invitation"), 202)
    await provider.told(invited["id"], "invitation_sent", times=2)
    await world.advance(days=3, minutes=1)
    await provider.told(invited["id"], "invitation_reminder_sent")
    await world.open_account(provider, invited["email"])
    await provider.stage(invited["id"], "ready")


async def test_a_new_run_of_the_journey_remembers_that_it_was_taken_back(
    world: TravellingWorld, provider: Provider
) -> None:
    """It loads where the client stands: as after a restore, or when an open child made it go on in a new run."""
    invited = await provider.invite()
    await provider.told(invited["id"], "invitation_sent")
    ok(await provider.request("POST", f"/api/v1/clients/{invited['id']}/invitation/revoke"))
    journey = (await world.engine()).get_workflow_handle(f"client-journey:{invited['id']}")
    await journey.signal("begin_new_run")
    await world.advance(days=29)
    assert "invite again" in (await journey.query("describe"))["waits_for"]
    assert "invitation_reminder_sent" not in await provider.timeline(invited["id"])
