"""Whatever happens to appointments and their fees, in whatever order: nobody pays for nothing, nobody pays twice.

A few ways in the ordinary run, always the same ones; `make life-cycle` (LIFE_CYCLE_WAYS) goes as many as are asked for,
other ones each time, and leaves out of the first that fails what isn't needed for that (it takes minutes).
LIFE_CYCLE_SEED goes one of them again.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.driver import until
from tests.virtual_time.cash_desk import CashDesk
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.front_door import HOLD_MINUTES, FrontDoor
from tests.virtual_time.laws import broken_at_rest, broken_in_the_end, broken_now
from tests.virtual_time.ways import KINDS, TOUR, Way, drawn
from workflows.compare_money import CompareMoney
from workflows.naming import COMPARE_MONEY, TASK_QUEUE

_WAYS = int(os.environ.get("LIFE_CYCLE_WAYS", "0"))
_ONE = os.environ.get("LIFE_CYCLE_SEED")
_EVERY_DAY = (1, 2)
_PATIENCE_SECONDS = 15.0
_LEAPS = 3


async def goes(world: TravellingWorld, way: Way) -> None:
    """Every law holds after each act; then all of it comes to rest, and in the end nothing is left open."""
    door = await FrontDoor.opened(world, capacity=way.capacity, clients=2)
    desk = CashDesk(door=door)
    try:
        for act in way.acts:
            await KINDS[act.what](desk, act)
            wrong = broken_now(desk)
            assert not wrong, _said(door, wrong)
        await door.well_again()
        await door.pass_time(minutes=HOLD_MINUTES + 1)
        await _until_whole(desk, broken_at_rest)
        await door.pass_time(days=30)
        await _until_whole(desk, broken_in_the_end)
    finally:
        await door.well_again()


async def _compare(world: TravellingWorld) -> None:
    """As the schedule does every day: news that was lost for good is found by it."""
    id_ = f"{COMPARE_MONEY}-{secrets.token_hex(4)}"
    await (await world.engine()).execute_workflow(CompareMoney.run, None, id=id_, task_queue=TASK_QUEUE)


async def _until_whole(desk: CashDesk, laws: Callable[[CashDesk], Awaitable[list[str]]]) -> None:
    door = desk.door

    async def whole() -> bool:
        return not await laws(desk)

    for _ in range(_LEAPS):
        await _compare(door.world)
        with suppress(AssertionError):
            await until(whole, "rest", _PATIENCE_SECONDS)
            return
        # A step that fell into a pause because of the weather goes on after it: that may be minutes.
        await door.pass_time(minutes=20)
    wrong = await laws(desk)
    assert not wrong, _said(door, wrong)


def _said(door: FrontDoor, wrong: list[str]) -> str:
    return "\n".join([*wrong, "", "What happened:", *door.story])


async def _needed(world: TravellingWorld, way: Way, failed: AssertionError) -> AssertionError:
    """The failure of as little of the way as fails."""
    for place in reversed(range(len(way.acts))):
        try:
            await goes(world, way.without(place))
        except AssertionError as error:
            way, failed = way.without(place), error
    return failed


async def test_no_paid_limbo_whatever_happens_in_whatever_order(world: TravellingWorld) -> None:
    longer = bool(_WAYS or _ONE)
    if not longer:
        await goes(world, TOUR)
    seeds = [int(_ONE)] if _ONE else [secrets.randbelow(2**32) for _ in range(_WAYS)] or _EVERY_DAY
    for seed in seeds:
        way = drawn(seed, 30 if longer else 12)
        try:
            await goes(world, way)
        except AssertionError as error:
            error.add_note(f"LIFE_CYCLE_SEED={seed}")
            raise (await _needed(world, way, error) if _WAYS else error) from error
