"""One real stack for the whole run: PostgreSQL, Temporal, mailbox, simulator, server and worker."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import settings
from playwright.async_api import Browser

from devstack.stack import Stack, StackPlan, free_port
from tests.browsers import launched
from tests.driver import NO_TLS, Provider, World
from tests.scheduling import ByStack

# The same examples on every run: a failure is a defect, never luck.
settings.register_profile("portico", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("portico")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStack:
    return ByStack(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test has a name of its own: of two that share one, a run on several processes would leave one out unseen."""
    for item in items:
        # schemathesis calls the tests of all operations alike.
        if label := getattr(item, "operation_label", None):
            item._id = item.id.with_params(label)
    twice = [name for name, count in Counter(item.nodeid for item in items).items() if count > 1]
    if twice:
        raise pytest.UsageError(f"several tests are called {', '.join(twice[:3])}")


def plan_for(state_dir: Path) -> StackPlan:
    """A stack of its own, on free ports, without PostgreSQL's fsync (nobody pulls the plug here)."""
    http_port = free_port()
    return StackPlan(
        state_dir=state_dir,
        environment="test",
        http_host="127.0.0.1",
        http_port=http_port,
        base_url=f"http://127.0.0.1:{http_port}",
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
        mailbox_port=free_port(),
        simulator_port=free_port(),
        metrics_port=free_port(),
        # Schedules run on wall time: tests that want one to run trigger it.
        given={
            "PORTICO_PAYMENT_POLL_SECONDS": "2",
            # What a move is told after is looked at where time can be moved on (tests/virtual_time).
            "PORTICO_CHANGE_GRACE_SECONDS": "0",
            "PORTICO_OPERATOR_TOKENS": "operator-token",
            "PORTICO_METRICS_TOKENS": "metrics-token",
            "PORTICO_SWEEP_MINUTES": "1440",
            "PORTICO_CALENDAR_MINUTES": "1440",
            "PORTICO_LOCAL_CALENDARS": "true",
        },
        durable=False,
    )


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="portico-test-") as directory:
        running = Stack(plan_for(Path(directory)), lambda line: None)
        try:
            await running.start()
            yield running
        finally:
            await running.stop()


@pytest.fixture(scope="session")
async def world(stack: Stack) -> AsyncIterator[World]:
    """The running stack as tests speak to it: over HTTP, mail and the simulator.

    Its own HTTP client is nobody: it keeps no cookie, or one test's session would be the next one's.
    """
    forgetful = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    async with httpx.AsyncClient(timeout=20, cookies=forgetful, verify=NO_TLS) as http:
        everybody = World(stack, http)
        yield everybody
        await everybody.close()


@pytest.fixture
async def provider(world: World) -> Provider:
    """A practice and provider of this test's own, everything switched on: no test disturbs another."""
    return await world.new_provider()


@pytest.fixture
async def other_provider(world: World) -> Provider:
    return await world.new_provider()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with launched() as running:
        yield running


@pytest.fixture
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The run's browser; the windows that a test opens are closed with it, or they would go on asking the server."""
    before = set(chromium.contexts)
    yield chromium
    for context in set(chromium.contexts) - before:
        await context.close()
