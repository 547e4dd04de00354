"""Both tracks with a canary in every field, and the search for them afterwards."""

from __future__ import annotations

from tests.canary.planting import Canaries
from tests.canary.searching import found_in_logs, found_in_temporal, shown
from tests.driver import World


async def journeys_with_canaries(world: World) -> Canaries:
    canaries = Canaries(world=world, provider=await world.new_provider())
    await canaries.practice_writes()
    await canaries.is_refused()
    await canaries.database_refuses()
    signed_up, invited = await canaries.signs_up(), await canaries.is_invited()
    ids = {"client_id": invited.client_id}
    await canaries.webhook("client.new_client_forms_requested", ids)
    await canaries.answers(signed_up)
    appointment = await canaries.books_and_pays(signed_up)
    await canaries.books_and_pays(invited)
    await canaries.front_desk_moves_and_cancels(signed_up, appointment)
    await canaries.front_desk_books(signed_up)
    await canaries.is_taken_off_the_waitlist(signed_up)
    await canaries.keeps_profile(signed_up)
    await canaries.provider.told(invited.client_id, "new_client_forms_sent")
    return canaries


async def nothing_leaked(canaries: Canaries) -> None:
    world, planted = canaries.world, set(canaries.planted.values())
    assert len(planted) > 30
    assert found_in_temporal(world, planted) == set()
    assert found_in_logs(world, planted) == set()
    for place, text in (await shown(world)).items():
        assert text
        assert {word for word in planted if word.lower() in text.lower()} == set(), place
