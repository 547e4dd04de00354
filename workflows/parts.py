"""Work that is done part by part, however long it takes: what one step has left, the next one goes on with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.batches import Part

# Somebody else is at what is left: an earlier try of ours, whose transaction isn't over yet.
_PAUSE = timedelta(seconds=1)


async def part_by_part(take: Callable[[], Awaitable[Part]]) -> int:
    """How many were gone through until nobody waited any more; operators see how far it has got."""
    done = 0
    while True:
        part = await take()
        done += part.done
        workflow.set_current_details(f"| | |\n|---|---|\n| **Done** | {done} |\n| **Left** | {part.left} |")
        if part.left == 0:
            return done
        if part.done == 0:
            await workflow.sleep(_PAUSE)
