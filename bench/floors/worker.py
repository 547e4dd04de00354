"""The bare worker, as generous as ours: `python -m bench.floors.worker ADDRESS`."""

from __future__ import annotations

import asyncio
import sys

from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from bench.floors.workflows import BareBooking, BareJourney, BareOnboarding, step

QUEUE = "floor"


async def main(address: str) -> None:
    """Until it is killed; says `ready` on a line of its own."""
    version = WorkerDeploymentVersion(deployment_name="floor", build_id="unversioned")
    worker = Worker(
        await Client.connect(address),
        task_queue=QUEUE,
        workflows=[BareOnboarding, BareJourney, BareBooking],
        activities=[step],
        max_concurrent_activities=40,
        # As with ours: the modules of the workflows aren't imported anew for each of them.
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules("bench")
        ),
        deployment_config=WorkerDeploymentConfig(version=version, use_worker_versioning=False),
    )
    async with worker:
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
