"""Batches: one action for many clients, a part at a time."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from domain.batches import BatchWork, Part


@dataclass(frozen=True, kw_only=True)
class DoBatchPart:
    batch_id: str
    most: int


class Batches:
    def __init__(self, work: BatchWork) -> None:
        self._work = work

    @activity.defn
    async def do_batch_part(self, command: DoBatchPart) -> Part:
        """The next clients of the batch; interrupted, the next try goes on where this one was."""
        return await self._work.do_part(command.batch_id, command.most)
