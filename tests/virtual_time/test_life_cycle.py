"""Whatever happens to appointments and their fees, in whatever order: nobody pays for nothing, nobody pays twice.

A few ways in the ordinary run, always the same ones; `make life-cycle` (LIFE_CYCLE_WAYS) goes as many as are asked for,
other ones each time, and cuts what it finds down to the shortest (that alone takes minutes).
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.driver import until
from tests.virtual_time.cash_desk import CashDesk
from tests.virtual_time.circumstances import WEATHER
from tests.virtual_time.conftest import TravellingWorld
from tests.virtual_time.front_door import HOLD_MINUTES, FrontDoor
from tests.virtual_time.laws import broken_at_rest, broken_in_the_end, broken_now
from workflows.compare_money import CompareMoney
from workflows.naming import COMPARE_MONEY, TASK_QUEUE

_LONGER = int(os.environ.get("LIFE_CYCLE_WAYS", "0"))
_ACTS = 24 if _LONGER else 12
_PATIENCE_SECONDS = 15.0
_LEAPS = 3


@dataclass(frozen=True, kw_only=True)
class Act:
    """What is done next. `number` and `time` choose among what is there by then."""

    what: str
    number: int
    time: int
    staff: bool
    weather: str


async def _book_and_pay(desk: CashDesk, act: Act) -> None:
    await desk.door.book(act.number, act.time)
    await desk.door.pay(0, "pay")
    await desk.door.is_decided(0)


async def _pay_by_3ds(desk: CashDesk, act: Act) -> None:
    """Asked by the bank; confirmed, or left like that."""
    await desk.door.pay(act.number, "challenge")
    if not act.staff:
        await desk.door.pay(act.number, "confirm")


_KINDS: dict[str, Callable[[CashDesk, Act], Awaitable[None]]] = {
    "book and pay": _book_and_pay,
    "read the quote": lambda desk, act: desk.door.read_quote(act.number),
    "book": lambda desk, act: desk.door.book(act.number, act.time),
    "pay": lambda desk, act: desk.door.pay(act.number, "pay"),
    "pay by 3-D Secure": _pay_by_3ds,
    "answer the bank": lambda desk, act: desk.door.pay(act.number, "fail" if act.staff else "confirm"),
    "decline": lambda desk, act: desk.door.pay(act.number, "decline"),
    "open a tab": lambda desk, act: desk.open_tab(act.number, chosen_again=act.staff),
    "pay in a tab": lambda desk, act: desk.in_tab(act.number, ("pay", "challenge", "decline")[act.time]),
    "cancel": lambda desk, act: desk.door.cancel(act.number, staff=act.staff),
    "move": lambda desk, act: desk.door.move(act.number, act.time, staff=act.staff),
    "visit": lambda desk, act: desk.door.record(act.number, "no-show" if act.staff else "fulfil"),
    "refund": lambda desk, act: desk.refund(act.number, all_of_it=act.staff),
    "refund in the dashboard": lambda desk, act: desk.refund_past_us(act.number, all_of_it=act.staff),
    "waive": lambda desk, act: desk.waive(act.number, take_back=act.staff),
    "refunds wait": lambda desk, act: desk.in_dashboard(act.number, "refunds_wait"),
    "a refund arrives": lambda desk, act: desk.in_dashboard(act.number, "refund_arrives"),
    "a refund fails": lambda desk, act: desk.in_dashboard(act.number, "refund_fails"),
    "dispute": lambda desk, act: desk.in_dashboard(act.number, "dispute"),
    "a dispute goes on": lambda desk, act: desk.in_dashboard(act.number, ("answer", "win", "lose")[act.time]),
    "a hold ends": lambda desk, act: desk.door.pass_time(minutes=HOLD_MINUTES + 1),
    "days pass": lambda desk, act: desk.door.pass_time(days=1 + act.number),
    "settings change": lambda desk, act: desk.door.change_settings(act.number + 4 * act.staff),
    "weather": lambda desk, act: desk.door.weather(act.weather),
    "lose": lambda desk, act: desk.door.lose(act.number),
    "kill or start the worker": lambda desk, act: desk.door.kill_or_start_worker(),
}
# How often each, in so many.
_OFTEN = {
    "book and pay": 6,
    "book": 4,
    "pay": 4,
    "cancel": 3,
    "move": 2,
    "visit": 2,
    "a hold ends": 2,
    "weather": 4,
    "refund": 2,
    "dispute": 2,
    "a dispute goes on": 2,
}
_DRAWN = [kind for kind in _KINDS for _ in range(_OFTEN.get(kind, 1))]
_ACT = st.builds(
    Act,
    what=st.sampled_from(_DRAWN),
    number=st.integers(0, 3),
    time=st.integers(0, 2),
    staff=st.booleans(),
    weather=st.sampled_from(list(WEATHER)),
)


def _act(what: str, number: int = 0, time: int = 0, *, staff: bool = False, weather: str = "none") -> Act:
    return Act(what=what, number=number, time=time, staff=staff, weather=weather)


# Each act at least once, so that the ordinary run misses none.
_TOUR = [
    _act("read the quote", 0),
    _act("book and pay", 0, 0),
    _act("weather", weather="refunds fail"),
    _act("cancel", staff=True),
    _act("book and pay", 1, 0),
    _act("refund", 0),
    _act("refund in the dashboard", 0),
    _act("read the quote", 1),
    _act("settings change", 0),
    _act("settings change", 1),
    _act("settings change", 3),
    _act("book", 1, 2),  # another fee than the one that was read: asked again
    _act("settings change", 2, staff=True),
    _act("move", 0, 1),
    _act("kill or start the worker"),
    _act("book", 0, 0),
    _act("pay by 3-D Secure", 0, staff=True),
    _act("answer the bank", 0, staff=True),
    _act("open a tab", 0, staff=True),
    _act("decline", 0),
    _act("pay in a tab", 0),
    _act("weather", weather="answers are late"),
    _act("refunds wait", 0),
    _act("settings change", 3, staff=True),
    _act("cancel", 0),
    _act("a refund arrives", 0),
    _act("a refund fails", 0),
    _act("weather", weather="news is lost"),
    _act("book", 0, 2),
    _act("lose", 0),
    _act("settings change", 2, staff=True),
    _act("book and pay", 1, 2),
    _act("dispute", 0),
    _act("refund", 0),
    _act("pay", 1),
    _act("cancel", 0, staff=True),
    _act("weather", weather="news of what was taken is lost"),
    _act("a dispute goes on", 0, 0),
    _act("a dispute goes on", 0, 1),
    _act("book", 0, 0),
    _act("waive", 0),
    _act("pay by 3-D Secure", 0),
    _act("a hold ends"),
    _act("pay", 0),
    _act("days pass", 3),
    _act("visit", 1, staff=True),
]


async def goes(world: TravellingWorld, capacity: int, way: list[Act]) -> None:
    """Every law holds after each act; then all of it comes to rest, and in the end nothing is left open."""
    door = await FrontDoor.opened(world, capacity=capacity, clients=2)
    desk = CashDesk(door=door)
    try:
        for act in way:
            await _KINDS[act.what](desk, act)
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


async def test_no_paid_limbo_whatever_happens_in_whatever_order(world: TravellingWorld) -> None:
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=_LONGER or 2,
        derandomize=not _LONGER,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if _LONGER else [])],
    )
    @given(capacity=st.integers(1, 2), way=st.lists(_ACT, min_size=8 if _LONGER else _ACTS, max_size=_ACTS))
    @example(capacity=1, way=_TOUR)
    def each(capacity: int, way: list[Act]) -> None:
        asyncio.run_coroutine_threadsafe(goes(world, capacity, way), loop).result()

    await asyncio.to_thread(each)
