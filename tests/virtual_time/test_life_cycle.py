"""Whatever happens to appointments and their fees, in whatever order: nobody pays for nothing, nobody pays twice.

A few ways in the ordinary run, always the same ones; `make life-cycle` (LIFE_CYCLE_EXAMPLES) tries as many as are asked
for, other ones each time, and cuts what it finds down to the shortest.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.driver import until
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.front_door import HOLD_MINUTES, WEATHER, FrontDoor
from tests.virtual_time.laws import broken_at_rest, broken_in_the_end, broken_now

_LONGER = int(os.environ.get("LIFE_CYCLE_EXAMPLES", "0"))
_PATIENCE_SECONDS = 30.0
Outcome = TypeVar("Outcome")
numbers = st.integers(0, 3)


class LifeCycle(RuleBasedStateMachine):
    """Draws what is done next; runs in a thread of its own, and the acts in the loop of the stack."""

    def __init__(self, world: TravellingWorld, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._world = world
        self._loop = loop
        self._whole = True  # so far
        self._killed = False
        self._kills_left = 1

    def _do(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except BaseException:
            self._whole = False
            raise

    @initialize(capacity=st.integers(1, 2))
    def opens(self, capacity: int) -> None:
        self.door = self._do(FrontDoor.opened(self._world, capacity=capacity, clients=2))

    @rule(client=numbers, time=numbers)
    def client_books(self, client: int, time: int) -> None:
        self._do(self.door.book(client, time))

    @precondition(lambda self: not self._killed)
    @rule(client=numbers, time=numbers)
    def client_books_and_pays(self, client: int, time: int) -> None:
        self._do(self.door.book(client, time))
        self._do(self.door.pay(-1, "pay"))

    @precondition(lambda self: not self._killed)
    @rule(number=numbers, act=st.sampled_from(["pay", "pay", "pay", "decline"]))
    def client_pays(self, number: int, act: str) -> None:
        self._do(self.door.pay(number, act))

    @rule(number=numbers, staff=st.booleans())
    def is_cancelled(self, number: int, staff: bool) -> None:
        self._do(self.door.cancel(number, staff=staff))

    @rule(number=numbers, time=numbers, staff=st.booleans())
    def is_moved(self, number: int, time: int, staff: bool) -> None:
        self._do(self.door.move(number, time, staff=staff))

    @rule(number=numbers, how=st.sampled_from(["no-show", "fulfil"]))
    def visit_is_recorded(self, number: int, how: str) -> None:
        self._do(self.door.record(number, how))

    @precondition(lambda self: not self._killed)
    @rule()
    def holds_end(self) -> None:
        self._do(self.door.pass_time(minutes=HOLD_MINUTES + 1))

    @precondition(lambda self: not self._killed)
    @rule(days=st.integers(1, 4))
    def days_pass(self, days: int) -> None:
        self._do(self.door.pass_time(days=days))

    @rule(kind=st.sampled_from(sorted(WEATHER)))
    def weather_changes(self, kind: str) -> None:
        self._do(self.door.weather(kind))

    @precondition(lambda self: not self._killed)
    @rule(number=numbers)
    def booking_is_lost(self, number: int) -> None:
        self._do(self.door.lose(number))

    @precondition(lambda self: self._kills_left > 0 and not self._killed)
    @rule()
    def worker_is_killed(self) -> None:
        self._kills_left -= 1
        self._killed = True
        self._do(self.door.kill_worker())

    @precondition(lambda self: self._killed)
    @rule()
    def worker_comes_back(self) -> None:
        self._killed = False
        self._do(self.door.start_worker())

    @invariant()
    def no_law_is_broken(self) -> None:
        if hasattr(self, "door"):
            self._holds(broken_now(self.door))

    def _holds(self, wrong: list[str]) -> None:
        if wrong:
            self._whole = False
            raise AssertionError("\n".join([*wrong, "", "What happened:", *self.door.story]))

    def teardown(self) -> None:
        if self._killed:
            self._do(self.door.start_worker())
        if hasattr(self, "door"):
            self._do(self._ends())

    async def _ends(self) -> None:
        """It comes to rest by itself, and in the end nothing is left open."""
        await self._world.simulator_faults()
        if not self._whole:
            return
        await self._world.advance(minutes=HOLD_MINUTES + 1)
        await self._until_whole(broken_at_rest)
        await self._world.advance(days=30)
        await self._until_whole(broken_in_the_end)

    async def _until_whole(self, laws: Callable[[FrontDoor], Awaitable[list[str]]]) -> None:
        async def holds() -> bool:
            return not await laws(self.door)

        try:
            await until(holds, "rest", _PATIENCE_SECONDS)
        except AssertionError:
            self._holds(await laws(self.door))


async def test_no_paid_limbo_whatever_happens_in_whatever_order(world: TravellingWorld) -> None:
    loop = asyncio.get_running_loop()
    ways = settings(
        max_examples=_LONGER or 3,
        stateful_step_count=25 if _LONGER else 14,
        derandomize=not _LONGER,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if _LONGER else [Phase.generate],
    )
    await asyncio.to_thread(run_state_machine_as_test, lambda: LifeCycle(world, loop), settings=ways)
