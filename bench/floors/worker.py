"""The bare worker, as generous as ours: `python -m bench.floors.worker ADDRESS`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from bench.floors.workflows import BareBooking, BareJourney, BareOnboarding, step

QUEUE = "floor"


async def main(address: str) -> None:
    """Until it is killed; says `ready` on a line of its own."""
    # Only the module of the workflows is made anew for each of them, as with ours.
    passed = SandboxRestrictions.default.with_passthrough_modules("bench")
    worker = Worker(
        await Client.connect(address),
        task_queue=QUEUE,
        workflows=[BareOnboarding, BareJourney, BareBooking],
        activities=[step],
        max_concurrent_activities=40,
        workflow_runner=SandboxedWorkflowRunner(restrictions=passed),
        deployment_config=WorkerDeploymentConfig(use_worker_versioning=False, version=_version()),
    )
    async with worker:
        print("ready", flush=True)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(timedelta(days=1).total_seconds())
