"""The worker process: runs the journeys, and the relay that tells them what has been recorded."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

from composition import (
    Processor,
    activities_of,
    clock_of,
    delivery_of,
    engine_address,
    processor_of,
    tracing_of,
    wait_for_schema,
)
from db.engine import Database
from dispatch.connection import connect_when_there
from dispatch.register import register_schedules
from dispatch.relay import Relay
from logs import set_up_logging
from settings import Settings, load_settings
from telemetry.figures import Figures, Metrics, process_registry
from telemetry.scraping import MeasuredRuntime, metrics_served
from telemetry.tracing import Tracing
from workflows.naming import TASK_QUEUE

logger = logging.getLogger("portico.worker")


async def run_worker(settings: Settings, tracing: Tracing | None = None) -> None:
    """Until SIGTERM or SIGINT; activities under way get 10 seconds to finish."""
    await wait_for_schema(settings.database_url)
    database = Database(settings.database_url, pool_size=20)
    processor = processor_of(settings)
    clock = clock_of(settings)
    measured = MeasuredRuntime()
    metrics = Metrics(process_registry(), Figures(database, clock))
    # Before Temporal is there: what waits for it is worth seeing.
    async with metrics_served(settings.metrics_host, settings.metrics_port, metrics, measured):
        client = await connect_when_there(
            engine_address(settings),
            settings.codec_keys,
            runtime=measured.runtime,
            interceptors=[tracing.interceptor] if tracing else [],
        )
        if settings.env != "production":
            # There `portico register` does it, once; on one machine nobody should have to.
            await register_schedules(
                client,
                sweep_every=timedelta(minutes=settings.sweep_minutes),
                calendars_every=timedelta(minutes=settings.calendar_minutes),
            )
        relay = Relay(database, clock, delivery_of(settings, client))
        await _work(settings, _worker(settings, client, database, processor), relay)
    await processor.aclose()
    await database.close()


def _worker(settings: Settings, client: Client, database: Database, processor: Processor) -> Worker:
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        activities=activities_of(
            settings, database, processor.payments, processor.merchants, processor.billing, processor.events
        ),
        max_concurrent_activities=40,
        # Beats go out as often as steps beat: by default the SDK keeps them back for four fifths of the time-out, and
        # a second's delay on a busy machine would look like a dead worker.
        max_heartbeat_throttle_interval=timedelta(seconds=1),
        # A killed worker's journeys wait this long before another worker takes them up.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=timedelta(seconds=10),
        deployment_config=_deployment(settings.build_id),
    )


async def _work(settings: Settings, worker: Worker, relay: Relay) -> None:
    """Until asked to stop."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with worker:
        relaying = asyncio.create_task(relay.run(settings.database_url))
        logger.info("working on task queue %s", TASK_QUEUE)
        # What is there now stays: the garbage collector needn't walk through it again and again.
        gc.collect()
        gc.freeze()
        gc.enable()
        _say_ready()
        await _first(stop, relaying)
        relaying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await relaying
        await relay.settle()


async def _first(stop: asyncio.Event, relaying: asyncio.Task[None]) -> None:
    """Until asked to stop; a relay that died takes the worker with it, to be started again."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, relaying}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if relaying.done() and not stop.is_set():
        relaying.result()


def _deployment(build_id: str | None) -> WorkerDeploymentConfig:
    """With a build id, this worker is a version of the deployment `portico` (docs/operations.md).

    Without one it is unversioned. It is named all the same, else the SDK reads every loaded module for a name.
    """
    version = WorkerDeploymentVersion(deployment_name="portico", build_id=build_id or "unversioned")
    if build_id is None:
        return WorkerDeploymentConfig(version=version, use_worker_versioning=False)
    return WorkerDeploymentConfig(
        version=version, use_worker_versioning=True, default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE
    )


def _say_ready() -> None:
    path = os.environ.get("PORTICO_WORKER_READY_FILE")
    if path:
        Path(path).touch()


def main() -> None:
    settings = load_settings()
    set_up_logging(settings.env)
    tracing = tracing_of(settings, "portico-worker")
    asyncio.run(run_worker(settings, tracing))
    if tracing is not None:
        tracing.close()


if __name__ == "__main__":
    main()
