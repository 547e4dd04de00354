"""The client portal's pages, on a phone and on a desk: readable, reachable, and with nothing for axe to find."""

from __future__ import annotations

import pytest

from tests.walk.looking import look_at
from tests.walk.scene import Scene
from tests.walk.table import PORTAL
from tests.walk.visits import Visit


@pytest.mark.parametrize("visit", PORTAL, ids=str)
async def test_everybody_can_use(scene: Scene, visit: Visit) -> None:
    page = await scene.open(visit)
    assert await look_at(page, visit) == []
