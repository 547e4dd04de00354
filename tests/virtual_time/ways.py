"""What can be done with appointments and their fees; one way that misses nothing of it, and any number drawn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from tests.virtual_time.cash_desk import CashDesk
from tests.virtual_time.circumstances import WEATHER
from tests.virtual_time.front_door import HOLD_MINUTES


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


KINDS: dict[str, Callable[[CashDesk, Act], Awaitable[None]]] = {
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
    "refunds wait": lambda desk, act: desk.refunds_wait(act.number),
    "a refund arrives": lambda desk, act: desk.a_refund(act.number, "refund_arrives"),
    "a refund fails": lambda desk, act: desk.a_refund(act.number, "refund_fails"),
    "dispute": lambda desk, act: desk.dispute(act.number),
    "a dispute goes on": lambda desk, act: desk.dispute_goes_on(act.number, ("answer", "win", "lose")[act.time]),
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
    "refund in the dashboard": 2,
    "a refund fails": 2,
    "dispute": 2,
    "a dispute goes on": 3,
}
_DRAWN = [kind for kind in KINDS for _ in range(_OFTEN.get(kind, 1))]


@dataclass(frozen=True, kw_only=True)
class Way:
    """`capacity` is how many appointments may run at the same time."""

    capacity: int
    acts: tuple[Act, ...]

    def without(self, place: int) -> Way:
        return Way(capacity=self.capacity, acts=self.acts[:place] + self.acts[place + 1 :])


def drawn(seed: int, longest: int) -> Way:
    """The same for the same seed."""
    chance = Random(seed)
    acts = tuple(_any_act(chance) for _ in range(chance.randint(longest // 2, longest)))
    return Way(capacity=chance.randint(1, 2), acts=acts)


def _any_act(chance: Random) -> Act:
    return Act(
        what=chance.choice(_DRAWN),
        number=chance.choice((0, 0, 0, 1, 1, 2, 3)),
        time=chance.randrange(3),
        staff=chance.random() < 0.5,
        weather=chance.choice(list(WEATHER)),
    )


def _act(what: str, number: int = 0, time: int = 0, *, staff: bool = False, weather: str = "none") -> Act:
    return Act(what=what, number=number, time=time, staff=staff, weather=weather)


# Each act at least once, so that the ordinary run misses none.
TOUR = Way(
    capacity=1,
    acts=(
        _act("read the quote", 0),
        _act("book and pay", 0, 0),
        _act("weather", weather="refunds fail"),
        _act("cancel", staff=True),
        _act("book and pay", 1, 0),
        _act("refunds wait", 0),
        _act("refund", 0),
        _act("refund in the dashboard", 0),
        _act("read the quote", 1),
        _act("settings change", 3),
        _act("book", 1, 2),  # another fee than the one that was read: asked again
        _act("settings change", 0),
        _act("settings change", 1),
        _act("book", 1, 2),
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
        _act("book", 0, 0),
        _act("waive", 0),
        _act("pay by 3-D Secure", 0),
        _act("weather", weather="news of what was taken is lost"),
        _act("a dispute goes on", 0, 0),
        _act("a dispute goes on", 0, 1),
        _act("a hold ends"),
        _act("pay", 0),
        _act("days pass", 3),
        _act("visit", 0, staff=True),
    ),
)
