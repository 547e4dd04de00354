"""Steps beside a client's way: none of them holds it up, and the journey doesn't close before they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from workflows.messages import SideStep


class Beside:
    """`works` says what each step does; one that isn't started isn't done."""

    def __init__(self, works: Mapping[SideStep, Callable[[], Coroutine[Any, Any, None]]]) -> None:
        self._works = works
        self._tasks: dict[SideStep, asyncio.Task[None]] = {}

    def start(self, *steps: SideStep) -> None:
        for step in steps:
            self._tasks[step] = asyncio.create_task(self._works[step]())

    @property
    def under_way(self) -> tuple[SideStep, ...]:
        return tuple(step for step, task in self._tasks.items() if not task.done())

    async def finished(self) -> None:
        await asyncio.gather(*self._tasks.values())
