"""Bookkeeping that takes too long falls back to an ordinary step, and such a journey can be taken up again."""

from __future__ import annotations

import uuid

from temporalio.client import Client
from temporalio.worker import Replayer, Worker

from dispatch.plugin import portico_plugin
from tests.driver import World
from tests.journeys.slow_bookkeeping import SlowBookkeeping, SlowRecords
from tests.seeding import settings_of


async def test_a_journey_whose_bookkeeping_fell_back_replays(world: World) -> None:
    keys = settings_of(world.stack).encryption_keys
    plugin = portico_plugin(keys, [SlowBookkeeping])
    engine = await Client.connect(world.endpoints["temporal_address"], plugins=[plugin])
    queue = f"bookkeeping-{uuid.uuid4().hex}"
    async with Worker(engine, task_queue=queue, activities=[SlowRecords().write_down]):
        handle = await engine.start_workflow(SlowBookkeeping.run, id=queue, task_queue=queue)
        assert await handle.result() == "kept"
    history = await handle.fetch_history()
    assert any(event.HasField("activity_task_scheduled_event_attributes") for event in history.events)
    await Replayer(workflows=[], plugins=[portico_plugin(keys, [SlowBookkeeping])]).replay_workflow(history)
