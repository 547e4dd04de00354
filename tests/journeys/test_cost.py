"""What one anonymous onboarding may cost: exact counts, so that nobody adds a step unnoticed."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bench.cost import MOST_ACTIONS, MOST_BYTES, MOST_EVENTS, Cost, cost_of_onboarding
from bench.stack import plan_for
from devstack.stack import Stack
from tests.driver import World


@pytest.fixture(scope="module")
async def cost() -> AsyncIterator[Cost]:
    """On a stack of its own: the server's counter of actions isn't kept per journey, and other tests' journeys poll."""
    with tempfile.TemporaryDirectory(prefix="portico-cost-") as directory:
        stack = Stack(dataclasses.replace(plan_for(Path(directory)), durable=False), lambda line: None)
        try:
            await stack.start()
            async with httpx.AsyncClient(timeout=20) as http:
                world = World(stack, http)
                yield await cost_of_onboarding(world)
                await world.close()
        finally:
            await stack.stop()


def test_an_onboarding_stays_within_its_events_and_bytes(cost: Cost) -> None:
    assert cost.events <= MOST_EVENTS
    assert cost.bytes_of_history <= MOST_BYTES


def test_an_onboarding_stays_within_its_actions(cost: Cost) -> None:
    assert cost.by_history.total() <= MOST_ACTIONS, cost.by_history


def test_the_server_counts_the_actions_that_the_history_shows(cost: Cost) -> None:
    counted = {
        "workflow start": cost.by_server["grpc_StartWorkflowExecution"],
        "signal": cost.by_server["grpc_SignalWorkflowExecution"],
        "activity": cost.by_server["command_ScheduleActivityTask"],
        "upsert of search attributes": cost.by_server["command_UpsertWorkflowSearchAttributes"],
        "local activities of a workflow task": cost.by_server["command_BatchMarkers"],
    }
    assert counted == {kind: cost.by_history[kind] for kind in counted}


def test_with_its_heartbeats_an_onboarding_stays_within_its_actions(cost: Cost) -> None:
    assert cost.actions <= MOST_ACTIONS, cost.by_server
