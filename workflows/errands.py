"""What goes out beside the looks at something: a mail server that is away keeps no news waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.steps import Steps
    from workflows.waiting import answered_within


class Errands:
    """Each is run once per run of the workflow, by its key. `rung` says whether there is news to look at."""

    def __init__(self, steps: Steps, rung: Callable[[], bool]) -> None:
        self._steps = steps
        self._rung = rung
        self._tasks: dict[Hashable, asyncio.Task[None]] = {}

    def start(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(work())

    @property
    def under_way(self) -> bool:
        return not all(task.done() for task in self._tasks.values())

    async def until_news(self, look_again_at: datetime | None) -> bool:
        """Wait until somebody rings, or the moment has come; False when nothing is ahead and nothing under way."""
        if look_again_at is not None:
            await answered_within(self._rung, look_again_at - self._steps.now(), "look at it again")
            return True
        settled = asyncio.create_task(self._steps.settled())
        await workflow.wait_condition(
            lambda: self._rung() or (settled.done() and not self.under_way and workflow.all_handlers_finished())
        )
        return self._rung()
