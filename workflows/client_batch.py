"""One action for many clients: part by part, until nobody waits any more."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.batches import Batches, DoBatchPart
    from workflows.messages import RunBatch
    from workflows.options import RECORDS, named

_AT_A_TIME = 20
# Somebody else is at what is left: an earlier try of ours, whose transaction isn't over yet.
_PAUSE = timedelta(seconds=1)


@workflow.defn
class ClientBatch:
    @workflow.run
    async def run(self, start: RunBatch) -> int:
        """How many clients were gone through, those left out included."""
        done = 0
        while True:
            part = await workflow.execute_activity_method(
                Batches.do_batch_part,
                DoBatchPart(batch_id=start.batch_id, most=_AT_A_TIME),
                **named(RECORDS, f"the next {_AT_A_TIME} clients"),
            )
            done += part.done
            workflow.set_current_details(f"| | |\n|---|---|\n| **Done** | {done} |\n| **Left** | {part.left} |")
            if part.left == 0:
                return done
            if part.done == 0:
                await workflow.sleep(_PAUSE)
