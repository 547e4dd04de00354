"""What has to be true of appointments and money: at every moment, at rest, and when everything is over."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from tests.virtual_time.cash_desk import CashDesk
from tests.virtual_time.front_door import FrontDoor
from tests.virtual_time.money_laws import money_broken_at_rest, money_broken_now
from tests.virtual_time.processor import Money
from workflows.naming import booking_id

_STANDS = ("booked", "fulfilled", "noshow")
_AT_PROCESSOR = {
    "authorized": ("requires_capture",),
    "captured": ("succeeded",),
    "refunded": ("succeeded",),
    "voided": ("canceled",),
    # A card that was declined leaves an intent behind, with which the session ends.
    "requested": ("requires_payment_method",),
    "expired": ("requires_payment_method", "canceled"),
}


def broken_now(desk: CashDesk) -> list[str]:
    """Laws without exception, not even for a moment."""
    door = desk.door
    wrong = money_broken_now(desk)
    of_fee = {row["id"]: row["appointment_id"] for row in _payments(door)}
    kept: Counter[str] = Counter()
    for money in door.processor.money():
        if money.fee not in of_fee:
            wrong.append(f"the processor knows a fee {money.fee} that we don't")
        if money.captures > 1:
            wrong.append(f"{money.fee} was captured {money.captures} times")
        kept[of_fee.get(money.fee, "")] += money.captured > money.returning + money.lost
    wrong += [f"{appointment} is paid {times} times" for appointment, times in kept.items() if times > 1]
    return wrong + _overfull(door) + door.broken


def _overfull(door: FrontDoor) -> list[str]:
    rows = door.world.rows(
        "SELECT starts_at, ends_at FROM appointment WHERE provider_id = (SELECT id FROM provider WHERE slug = %s)"
        " AND status IN ('pending', 'booked')",
        door.provider.slug,
    )
    edges = sorted([(row["starts_at"], 1) for row in rows] + [(row["ends_at"], -1) for row in rows])
    taken = most = 0
    for _, change in edges:
        taken += change
        most = max(most, taken)
    return [f"{most} appointments at once instead of {door.capacity}"] if most > door.capacity else []


async def broken_at_rest(desk: CashDesk) -> list[str]:
    """Ledger, processor and timelines agree; nothing is held, and nobody waits to be told."""
    door = desk.door
    by_fee = {money.fee: money for money in door.processor.money()}
    sessions = door.processor.sessions()
    wrong = broken_now(desk) + money_broken_at_rest(desk) + _untold(door)
    for row in _payments(door):
        money = by_fee.get(row["id"])
        name = f"{row['id']} of {row['appointment_id']} ({row['status']}, {row['state']})"
        wrong += [f"{name}: {what}" for what in _differing(row, money, sessions.get(row["session_id"] or ""))]
        if money is not None and money.status == "requires_capture" and row["choose_until"] is None:
            wrong.append(f"{name}: the money is held, and nothing comes of it")
    return wrong + _mistold(door, by_fee)


def _differing(row: dict[str, Any], money: Money | None, session: str | None) -> list[str]:
    """Our ledger beside the processor's."""
    if money is None:
        # One whose booking was ended under it is closed by the processor itself; there is no money in it.
        if row["state"] == "requested":
            return []
        return [] if row["state"] == "expired" else ["the processor knows of no payment"]
    wrong = []
    if money.status not in _AT_PROCESSOR[row["state"]] and not (row["state"] == "requested" and session == "expired"):
        wrong.append(f"it is {money.status} at the processor")
    if money.refunded != row["refunded_minor"]:
        wrong.append(f"{row['refunded_minor']} given back, {money.refunded} at the processor")
    return wrong


def _untold(door: FrontDoor) -> list[str]:
    subjects = [f"client:{person.client_id}" for person in door.people]
    rows = door.world.rows("SELECT kind FROM external_event WHERE handled_at IS NULL AND subject = ANY(%s)", subjects)
    return [f"{row['kind']} hasn't been told" for row in rows]


def _mistold(door: FrontDoor, by_fee: dict[str, Money]) -> list[str]:
    """The timeline beside the processor: each capture once, and none that wasn't."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    ids = [person.client_id for person in door.people]
    for row in door.world.rows("SELECT kind, ref FROM timeline_entry WHERE client_id = ANY(%s)", ids):
        told[row["kind"]][row["ref"]] += 1
    captured = Counter({fee: money.captures for fee, money in by_fee.items() if money.captures})
    wrong = []
    if told["fee_captured"] != captured:
        wrong.append(f"captured {dict(captured)}, and the timelines say {dict(told['fee_captured'])}")
    booked = Counter(ref.partition(":")[0] for ref in told["appointment_booked"].elements())
    wrong += [f"{one} was booked {times} times" for one, times in booked.items() if times > 1]
    return wrong


async def broken_in_the_end(desk: CashDesk) -> list[str]:
    """Long after the last visit: nothing waits for anything any more, but for banks."""
    door, wrong = desk.door, await broken_at_rest(desk)
    rows = door.world.rows("SELECT id, status, choose_until FROM appointment WHERE id = ANY(%s)", door.made)
    for row in rows:
        if row["status"] not in (*_STANDS[1:], "cancelled") or row["choose_until"] is not None:
            wrong.append(f"{row['id']} is {row['status']}, choosing until {row['choose_until']}")
        try:
            described = await (await door.world.engine()).get_workflow_handle(booking_id(row["id"])).describe()
        except RPCError as error:
            wrong.append(f"the booking of {row['id']}: {error.status.name}")
            continue
        ended = (WorkflowExecutionStatus.COMPLETED, WorkflowExecutionStatus.TERMINATED)
        if described.status not in ended[: 1 + (row["id"] in door.lost)]:
            wrong.append(f"the booking of {row['id']} ({row['status']}) is {described.status}")
    wrong += [f"the money of {money.fee} is still held" for money in door.processor.money() if _held(money)]
    return wrong


def _held(money: Money) -> bool:
    return money.status == "requires_capture"


def _payments(door: FrontDoor) -> list[dict[str, Any]]:
    return door.world.rows(
        "SELECT p.id, p.state, p.session_id, p.refunded_minor, p.appointment_id, a.status, a.choose_until"
        " FROM payment p JOIN appointment a ON a.id = p.appointment_id WHERE p.merchant_account = %s",
        door.provider.seeded.merchant_account,
    )
