"""Sixty virtual days of one client on each track: what the tests walk through, timed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from bench.lines import Line, median
from bench.stack import running_world
from tests.driver import Provider
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.test_late_fees import test_sixty_days_of_a_stranger_from_the_website
from tests.virtual_time.test_long_stretches import test_sixty_days_of_an_invited_client

MOST_SECONDS = 5.0
_WAYS: dict[str, Callable[[TravellingWorld, Provider], Awaitable[None]]] = {
    "anonymous": test_sixty_days_of_a_stranger_from_the_website,
    "invited": test_sixty_days_of_an_invited_client,
}


async def measure(rounds: int) -> list[Line]:
    """The first round warms up and isn't counted."""
    async with running_world() as world:
        travelling = TravellingWorld(world.stack, world.http)
        try:
            return [await _line(travelling, track, way, rounds) for track, way in _WAYS.items()]
        finally:
            await travelling.close()


async def _line(
    world: TravellingWorld, track: str, way: Callable[[TravellingWorld, Provider], Awaitable[None]], rounds: int
) -> Line:
    took = []
    for number in range(rounds + 1):
        provider = await world.new_provider()
        begun = time.perf_counter()
        await way(world, provider)
        if number:
            took.append(time.perf_counter() - begun)
    return Line(
        name=f"sixty virtual days, {track} track",
        figure=median(took),
        unit="s",
        limit=MOST_SECONDS,
        note=f"of {rounds}: {', '.join(f'{one:.1f}' for one in took)} s, on a stack where nobody else waits",
    )
