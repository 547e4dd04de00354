"""Clients who wait for a time, and those for whom one is kept."""

from __future__ import annotations

from dataclasses import replace

from tests.driver import Provider
from tests.waiting import booked_at, cancel, offer_link, offered, waits_for, whole_times, without_fee
from tests.walk.clients import persona_of
from tests.walk.scene import Persona, Scene, casting


@casting
async def client_waiting(scene: Scene) -> Persona:
    """Would like a time that is taken."""
    provider = await _waited_for(scene)
    person, first = await scene.world.invited_client(provider), await scene.world.invited_client(provider)
    slot = (await whole_times(scene.world, person))[-1]
    await booked_at(first, slot)
    await waits_for(person, slot)
    return persona_of(person)


@casting
async def client_offered(scene: Scene) -> Persona:
    """Has a time from the waitlist kept, with a fee; facts name the link of its mail."""
    return await _offered(scene)


@casting
async def client_too_late(scene: Scene) -> Persona:
    """Has let the time go that was kept."""
    persona = await _offered(scene)
    path = f"/offers/{persona.facts['token']}"
    answer = await scene.world.http.post(f"{scene.world.base_url}{path}", data={"action": "decline"})
    assert answer.status_code == 200, answer.text[:300]
    return persona


async def _offered(scene: Scene) -> Persona:
    world, provider = scene.world, await _waited_for(scene)
    first, person = [await world.invited_client(provider) for _ in range(2)]
    slot = (await whole_times(world, first))[0]
    appointment = await booked_at(first, slot)
    await waits_for(person, slot)
    await provider.change(require_fee=True)
    await cancel(first, appointment)
    await offered(person)
    token = (await offer_link(world, person)).removeprefix("/offers/")
    await provider.change(require_fee=False)
    persona = persona_of(person)
    return replace(persona, facts={**persona.facts, "token": token, "on": slot[:10]})


async def _waited_for(scene: Scene) -> Provider:
    provider = await scene.practice("waited for")
    await without_fee(provider)
    return provider
