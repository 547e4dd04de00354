"""What has to be true of refunds, disputes and waivers, wherever they come from."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.virtual_time.cash_desk import CashDesk
from tests.virtual_time.processor import Money

# What the ledger calls a dispute that stands like this at the processor.
_DISPUTE = {one: one for one in ("needs_response", "under_review", "won", "lost")}
_CALLED_OFF = "cancelled"


def money_broken_now(desk: CashDesk) -> list[str]:
    """Without exception, not even for a moment. What our side says is read first: it may only follow the other."""
    wrong = []
    told = Counter(_told(desk, "fee_refunded"))
    ours = {row["id"]: row for row in _refunds(desk)}
    waived = _waived(desk)
    appointment_of = {row["id"]: row["appointment_id"] for row in _payments(desk)}
    for money in desk.door.processor.money():
        if money.returning > money.captured:
            wrong.append(f"{money.fee}: {money.returning} on its way back of {money.captured}")
        if money.captured and appointment_of.get(money.fee) in waived:
            wrong.append(f"{money.fee} was waived, and {money.captured} taken")
        made = Counter(one.reference for one in money.refunds if one.reference)
        wrong += [f"{reference} was made {times} times" for reference, times in made.items() if times > 1]
        wrong += _told_too_early(desk, money, told, ours)
        if money.disputed and money.intent in desk.frozen:
            asked = desk.door.processor.refunds_asked(money.intent) - desk.frozen[money.intent]
            wrong += [f"{money.fee} is disputed, and {asked} refunds were asked for"] if asked else []
    open_ones = Counter(appointment_of.get(fee, fee) for fee in desk.door.processor.open_checkouts())
    wrong += [f"{one} can be paid in {times} checkouts" for one, times in open_ones.items() if times > 1]
    wrong += [f"the client was told {times} times of {refund}" for refund, times in told.items() if times > 1]
    return wrong


def _told_too_early(desk: CashDesk, money: Money, told: Counter[str], ours: dict[str, dict[str, Any]]) -> list[str]:
    """A client hears of a refund when it is there. (A bank may send it back later all the same.)"""
    named = {ours[ref]["processor_refund_id"] for ref in told if ref in ours}
    return [
        f"the client was told of {one.id}, which is {one.status}"
        for one in money.refunds
        if one.id in named and (one.status == "pending" or one.id in desk.never_arrived)
    ]


def money_broken_at_rest(desk: CashDesk) -> list[str]:
    wrong = money_broken_now(desk)
    by_fee = {money.fee: money for money in desk.door.processor.money()}
    for row in _payments(desk):
        money = by_fee.get(row["id"])
        if money is not None and money.captured:
            name = f"{row['id']} of {row['appointment_id']} ({row['status']}, {row['state']})"
            rows = [one for one in _refunds(desk) if one["payment_id"] == row["id"]]
            differing = [*_ledger_differs(row, rows, money), *_disputes_differ(desk, row, money)]
            wrong += [f"{name}: {what}" for what in [*differing, *_limbo(desk, row, rows, money)]]
    return wrong


def _ledger_differs(row: dict[str, Any], rows: list[dict[str, Any]], money: Money) -> list[str]:
    """Refund by refund. One that failed before anybody looked needn't be known."""
    if money.amount != row["amount_minor"]:
        return [f"{money.amount} asked instead of {row['amount_minor']}"]
    ours = {one["processor_refund_id"]: (one["amount_minor"], one["status"]) for one in rows}
    theirs = {one.id: (one.amount, one.status) for one in money.refunds}
    needed = {id_: facts for id_, facts in theirs.items() if id_ in ours or facts[1] != "failed"}
    known = {id_: facts for id_, facts in ours.items() if id_ is not None}
    return [] if known == needed else [f"refunds {known} in the ledger, {needed} at the processor"]


def _disputes_differ(desk: CashDesk, row: dict[str, Any], money: Money) -> list[str]:
    rows = desk.door.world.rows("SELECT * FROM dispute WHERE payment_id = %s", row["id"])
    ours = {one["processor_dispute_id"]: one["status"] for one in rows}
    theirs = {id_: _DISPUTE[status] for id_, status in money.disputes.items()}
    wrong = [] if ours == theirs else [f"disputes {ours} in the ledger, {theirs} at the processor"]
    if (row["disputed"], row["lost_minor"]) != (money.disputed, money.lost):
        wrong.append(f"disputed {row['disputed']}, lost {row['lost_minor']}; at the processor {money.lost}")
    told = {kind: _told(desk, f"dispute_{kind}") for kind in ("opened", "won", "lost")}
    for one in rows:
        should = {"opened", *({one["status"]} & {"won", "lost"})}
        said = {kind for kind, refs in told.items() if one["id"] in refs}
        wrong += [f"{one['id']} is {one['status']}, and {said} was told"] if said != should else []
    return wrong


def _limbo(desk: CashDesk, row: dict[str, Any], rows: list[dict[str, Any]], money: Money) -> list[str]:
    """Every cent that was taken is a booked appointment's, a stated credit, kept by the rule, lost to a bank, on its
    way back, or a person is asked about it."""
    wrong = []
    asked_of_people = _with_attention(desk)
    under_way = 0
    for one in rows:
        if one["status"] == "pending" and one["processor_refund_id"] is None:
            under_way += one["amount_minor"]
            wrong += [] if row["disputed"] else [f"{one['id']} is owed, and nobody gives it back"]
        if one["status"] == "failed":
            under_way += one["amount_minor"]
            wrong += [] if one["id"] in asked_of_people else [f"{one['id']} failed, and nobody is asked"]
    if row["status"] == _CALLED_OFF and row["choose_until"] is None:
        due = min(desk.door.promised.get(row["id"], money.captured), money.captured)
        gone = money.returning + money.lost + under_way
        wrong += [f"{due} of {money.captured} was due back, and {gone} is"] if gone < due else []
    told = _told(desk, "fee_refunded")
    untold = [one["id"] for one in rows if one["status"] == "succeeded" and one["id"] not in told]
    return wrong + [f"nobody was told of {one}" for one in untold]


def _payments(desk: CashDesk) -> list[dict[str, Any]]:
    return desk.door.world.rows(
        "SELECT p.*, a.status, a.choose_until FROM payment p JOIN appointment a ON a.id = p.appointment_id"
        " WHERE p.merchant_account = %s",
        desk.door.provider.seeded.merchant_account,
    )


def _refunds(desk: CashDesk) -> list[dict[str, Any]]:
    return desk.door.world.rows(
        "SELECT r.* FROM refund r JOIN payment p ON p.id = r.payment_id WHERE p.merchant_account = %s",
        desk.door.provider.seeded.merchant_account,
    )


def _waived(desk: CashDesk) -> set[str]:
    ids = [person.client_id for person in desk.door.people]
    query = "SELECT appointment_id FROM fee_waiver WHERE client_id = ANY(%s) AND taken_back_at IS NULL"
    return {row["appointment_id"] for row in desk.door.world.rows(query, ids)} - {None}


def _told(desk: CashDesk, kind: str) -> list[str]:
    """What the timelines tell of, by its id."""
    ids = [person.client_id for person in desk.door.people]
    query = "SELECT ref FROM timeline_entry WHERE client_id = ANY(%s) AND kind = %s"
    return [row["ref"] for row in desk.door.world.rows(query, ids, kind)]


def _with_attention(desk: CashDesk) -> set[str]:
    ids = [person.client_id for person in desk.door.people]
    rows = desk.door.world.rows("SELECT step FROM attention_item WHERE client_id = ANY(%s)", ids)
    return {row["step"].removeprefix("refund_failed:") for row in rows}
