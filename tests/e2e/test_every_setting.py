"""Every portal setting, at every level that may set it, to both of its values, while clients are on their way.

Settings that don't get in each other's way share a scene and are changed together; each reports for itself. They are
looked up by the policy's own fields: a setting without a scene fails.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from domain.policy_levels import PROVIDER_SETTINGS, SETTINGS_AT, Source
from tests.driver import World
from tests.e2e.every_setting.calendar import Choice, Limits, Terms
from tests.e2e.every_setting.door import AnonymousSignup, IntakeGate, NewClients, Published
from tests.e2e.every_setting.money import Paying
from tests.e2e.every_setting.scene import Scene
from tests.policy_values import VALUES

SCENES: tuple[type[Scene], ...] = (
    *(Paying, Terms, NewClients, Limits, Choice, IntakeGate, AnonymousSignup, Published),
)
# The changed value first, so that the level has something of its own to say; then back again.
TURNS = [(level, which) for level in (Source.PRACTICE, Source.PROVIDER, Source.CLIENT) for which in (1, 0)]
Step = tuple[str, Source, int]


def steps(names: tuple[str, ...]) -> list[Step]:
    return [(name, level, which) for name in names for level, which in TURNS if name in SETTINGS_AT[level]]


def test_every_setting_has_a_scene_and_two_values() -> None:
    played = Counter(name for scene in SCENES for name in scene.settings)
    assert played == dict.fromkeys(PROVIDER_SETTINGS, 1)
    assert set(VALUES) == set(PROVIDER_SETTINGS)


async def play(world: World, kind: type[Scene], found: dict[Step, Exception | None]) -> None:
    """One scene through all the levels; what came of each step. Where a turn fails, those that follow it do, too."""
    try:
        scene = await kind.opened(world)
        for level, which in TURNS:
            names = scene.at(level)
            if names:
                await scene.turn(level, which)
            for name in names:
                found[name, level, which] = await outcome(scene, name)
    except Exception as error:
        for step in steps(kind.settings):
            found.setdefault(step, error)


async def outcome(scene: Scene, name: str) -> Exception | None:
    try:
        await getattr(scene, name)(scene.now[name])
    except Exception as error:
        return error
    return None


@pytest.fixture(scope="module")
async def outcomes(world: World) -> dict[Step, Exception | None]:
    found: dict[Step, Exception | None] = {}
    await asyncio.gather(*(play(world, kind, found) for kind in SCENES))
    return found


@pytest.mark.parametrize(
    "step", steps(PROVIDER_SETTINGS), ids=lambda one: f"{one[0]}-{one[1]}-{VALUES[one[0]][one[2]]}"
)
def test_a_setting_does_what_it_says(outcomes: dict[Step, Any], step: Step) -> None:
    error = outcomes[step]
    if error is not None:
        raise error
