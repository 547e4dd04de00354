"""The drill of a change: version 1 starts journeys, version 2 with a patched change finishes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer, Worker
from temporalio.workflow import NondeterminismError

from composition import activities_of, payments_of
from db.engine import Database
from dispatch.plugin import WORKFLOWS, portico_plugin
from tests.driver import Provider, World, ok
from tests.e2e.test_outages import away
from tests.journeys.changed_journey import PATCH, PatchedJourney, UnpatchedJourney
from tests.seeding import settings_of
from workflows.booking import Booking
from workflows.naming import TASK_QUEUE
from workflows.password_reset import PasswordResetMail

VERSION_2 = (PatchedJourney, Booking, PasswordResetMail)
MISTAKE = (UnpatchedJourney, Booking, PasswordResetMail)
Deploy = Callable[[tuple[type, ...]], AbstractAsyncContextManager[None]]


@pytest.fixture
async def deploy(world: World) -> AsyncIterator[Deploy]:
    """Run a worker with these workflows in place of the stack's own."""
    settings = settings_of(world.stack)
    database = Database(settings.database_url, pool_size=5)
    payments = payments_of(settings)
    activities = activities_of(settings, database, payments)

    @asynccontextmanager
    async def deployed(workflows: tuple[type, ...]) -> AsyncIterator[None]:
        plugin = portico_plugin(settings.encryption_keys, workflows)
        engine = await Client.connect(world.endpoints["temporal_address"], plugins=[plugin])
        worker = Worker(
            engine,
            task_queue=TASK_QUEUE,
            activities=activities,
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
            graceful_shutdown_timeout=timedelta(seconds=5),
        )
        async with worker:
            yield

    async with away(world, "worker"):
        yield deployed
    await payments.aclose()
    await database.close()


async def history_of(world: World, client_id: str) -> WorkflowHistory:
    return await (await world.engine()).get_workflow_handle(f"client-journey:{client_id}").fetch_history()


def summaries(history: WorkflowHistory) -> list[str]:
    return [
        event.activity_task_scheduled_event_attributes.activity_type.name
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]


async def test_version_two_finishes_what_version_one_has_begun(
    world: World, provider: Provider, deploy: Deploy
) -> None:
    keys = settings_of(world.stack).encryption_keys
    async with deploy(WORKFLOWS):
        far = await world.ready_client(provider)
        near = await world.anonymous_client(provider)
        await provider.stage(near.client_id, "intake")

    begun = await history_of(world, far.client_id)
    await Replayer(workflows=[], plugins=[portico_plugin(keys, VERSION_2)]).replay_workflow(begun)
    with pytest.raises(NondeterminismError):
        await Replayer(workflows=[], plugins=[portico_plugin(keys, MISTAKE)]).replay_workflow(begun)

    async with deploy(VERSION_2):
        await near.submit_intake()
        appointment = ok(await far.book(), 201, 202)
        await world.pay(await far.checkout(appointment["id"]))
        await far.in_state(appointment["id"], "booked")
        await provider.stage(far.client_id, "booked")

        # Whoever passed the place under version 1 goes on without the new step; whoever comes later takes it.
        assert "load_standing" not in summaries(await history_of(world, far.client_id))
        assert "load_standing" in summaries(await history_of(world, near.client_id))
        assert PATCH in str(await history_of(world, near.client_id))
