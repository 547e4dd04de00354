"""A workflow whose bookkeeping takes longer than a local activity may."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from workflows.steps import bookkeeping


@dataclass(frozen=True, kw_only=True)
class Note:
    text: str


class SlowRecords:
    """Doesn't come to an end as a local activity: a database under a lock."""

    @activity.defn
    async def write_down(self, note: Note) -> str:
        if activity.info().is_local:
            await asyncio.Event().wait()
        return note.text


@workflow.defn
class SlowBookkeeping:
    @workflow.run
    async def run(self) -> str:
        text = await bookkeeping(SlowRecords.write_down, Note(text="kept"), "write something down")
        await workflow.sleep(timedelta(milliseconds=1))
        return text
