"""Calling off days: a part of the appointments at a time."""

from __future__ import annotations

from dataclasses import dataclass

from temporalio import activity

from domain.batches import BatchWork, Part


@dataclass(frozen=True, kw_only=True)
class CallOffPart:
    called_off_id: str
    most: int


class CallingOffDays:
    def __init__(self, work: BatchWork) -> None:
        self._work = work

    @activity.defn
    async def call_off_part(self, command: CallOffPart) -> Part:
        """The next appointments; interrupted, the next try goes on where this one was."""
        return await self._work.do_part(command.called_off_id, command.most)
