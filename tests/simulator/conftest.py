"""One simulator for each test, on an empty directory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.simulator.stage import Board, Stage, a_stage, serving


@pytest.fixture(scope="session")
async def board() -> AsyncIterator[Board]:
    async with serving() as running:
        yield running


@pytest.fixture
async def stage(board: Board, tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(board, tmp_path) as running:
        yield running
