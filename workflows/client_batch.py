"""One action for many clients: part by part, until nobody waits any more."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.batches import Batches, DoBatchPart
    from domain.batches import Part
    from workflows.messages import RunBatch
    from workflows.options import RECORDS, named
    from workflows.parts import part_by_part

_AT_A_TIME = 20


@workflow.defn
class ClientBatch:
    @workflow.init
    def __init__(self, start: RunBatch) -> None:
        self._batch_id = start.batch_id

    @workflow.run
    async def run(self, start: RunBatch) -> int:
        """How many clients were gone through, those left out included."""
        return await part_by_part(self._next_part)

    async def _next_part(self) -> Part:
        return await workflow.execute_activity_method(
            Batches.do_batch_part,
            DoBatchPart(batch_id=self._batch_id, most=_AT_A_TIME),
            **named(RECORDS, f"the next {_AT_A_TIME} clients"),
        )
