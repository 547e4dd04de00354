"""A stack of the matrix's own: what is done to its parts disturbs no other test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from devstack.stack import Stack
from tests.conftest import plan_for
from tests.driver import World


@asynccontextmanager
async def ground() -> AsyncIterator[World]:
    """Durable: with commits that aren't flushed, a killed PostgreSQL may forget what it has acknowledged."""
    with tempfile.TemporaryDirectory(prefix="portico-chaos-") as directory:
        stack = Stack(replace(plan_for(Path(directory)), durable=True), lambda line: None)
        try:
            await stack.start()
            # No connection is kept: one that its part closed meanwhile would look like a fault of ours.
            async with httpx.AsyncClient(timeout=20, limits=httpx.Limits(max_keepalive_connections=0)) as http:
                world = World(stack, http)
                yield world
                await world.close()
        finally:
            if kept := os.environ.get("CHAOS_LOGS"):
                shutil.copytree(stack.plan.state_dir / "logs", kept, dirs_exist_ok=True)
            await stack.stop()
            stack.postgres.remove()
