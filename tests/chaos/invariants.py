"""What has to be true of a client in the end, seen from outside: processor, mailbox, database, Temporal."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError

from tests.chaos.effects import EFFECTS, STEPS, Step, Track
from tests.chaos.walker import Walker
from tests.driver import World, until

_AS_RECORDED = {"signup", "portal_account"}  # rows of other tables
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Found:
    """All that is known of one client."""

    walker: Walker
    cancelled: bool
    asked: int  # how often the front desk was asked whether to send an uncertain greeting again
    timeline: Counter[str]
    effects: list[dict[str, Any]]
    mails: Counter[str]  # copies by Message-ID, at the client's
    desk: Counter[str]  # at the front desk, which other clients' notices reach as well
    processor: list[dict[str, Any]]  # its objects for this client's fees


async def violations(world: World, walker: Walker, *, cancelled: bool) -> list[str]:
    """Every invariant that doesn't hold, in words; empty when all is well."""
    silent = await _quiet(world, walker, cancelled=cancelled)
    timeline = await world.http.get(
        f"{world.base_url}/api/v1/clients/{walker.client_id}/timeline",
        headers={"Authorization": f"Bearer {walker.provider.seeded.api_key}"},
    )
    names = ("key", "kind", "state", "message_id", "uncertain_attempts")
    rows = await walker.ledger.rows(
        "SELECT key, kind, state, message_id, uncertain_attempts FROM effect WHERE client_id = %s", walker.client_id
    )
    asked = await walker.ledger.rows(
        "SELECT count(*) FROM attention_item WHERE client_id = %s AND step LIKE 'greeting:%%' AND resolution = 'retry'",
        walker.client_id,
    )
    found = Found(
        walker=walker,
        cancelled=cancelled,
        asked=int(asked[0][0]),
        timeline=Counter(item["kind"] for item in timeline.json()["items"]),
        effects=[dict(zip(names, row, strict=True)) for row in rows],
        mails=await _mails(world, walker.address),
        desk=await _mails(world, walker.provider.seeded.front_desk),
        processor=_processor(world, walker),
    )
    return [*silent, *_wrong_timeline(found), *_wrong_mail(found), *_wrong_money(found), *await _wrong_slot(walker)]


# Silence


async def _quiet(world: World, walker: Walker, *, cancelled: bool) -> list[str]:
    """Wait until nothing is under way; what stays under way, or fails again and again, is said."""
    wrong: list[str] = []

    async def look() -> bool:
        wrong[:] = await _restless(world, walker, cancelled=cancelled)
        return not wrong

    try:
        await until(look, "quiet", _PATIENCE_SECONDS)
    except AssertionError:
        return list(wrong)
    return []


async def _restless(world: World, walker: Walker, *, cancelled: bool) -> list[str]:
    wrong = []
    events = await walker.ledger.rows(
        "SELECT kind, attempts, coalesce(parked_reason, 'waits') FROM external_event"
        " WHERE handled_at IS NULL AND subject = %s",
        f"client:{walker.client_id}",
    )
    wrong += [f"event {kind} isn't handled after {attempts} tries ({why})" for kind, attempts, why in events]
    asked = await walker.ledger.rows(
        "SELECT step, reason FROM attention_item WHERE settled_at IS NULL AND client_id = %s", walker.client_id
    )
    wrong += [f"weather needs a person: {step} ({reason})" for step, reason in asked]
    wrong += await _unsettled(world, f"client-journey:{walker.client_id}", closed=True)
    return wrong + await _unsettled(world, f"booking:{walker.appointment_id}", closed=cancelled)


async def _unsettled(world: World, workflow_id: str, *, closed: bool) -> list[str]:
    handle = (await world.engine()).get_workflow_handle(workflow_id)
    try:
        found = await handle.describe()
        history = None if closed else await handle.fetch_history()
    except RPCError as error:
        return [f"{workflow_id}: {error.status.name.lower()}"]
    wanted = WorkflowExecutionStatus.COMPLETED if closed else WorkflowExecutionStatus.RUNNING
    wrong = [] if found.status is wanted else [f"{workflow_id} is {found.status and found.status.name.lower()}"]
    if history is not None:
        started = sum(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in history.events)
        over = (EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_TIMER_CANCELED)
        if started <= sum(event.event_type in over for event in history.events):
            wrong.append(f"{workflow_id} waits for nothing: no timer runs")
    return wrong + _failing(workflow_id, found)


def _failing(workflow_id: str, found: WorkflowExecutionDescription) -> list[str]:
    raw = found.raw_description
    wrong = [f"{workflow_id}: {one.activity_type.name}, attempt {one.attempt}" for one in raw.pending_activities]
    if raw.HasField("pending_workflow_task"):
        wrong.append(f"{workflow_id}: a workflow task is pending, attempt {raw.pending_workflow_task.attempt}")
    if "TemporalReportedProblems" in raw.workflow_execution_info.search_attributes.indexed_fields:
        wrong.append(f"{workflow_id}: Temporal reports problems with its workflow tasks")
    return wrong


# Timeline


def _wrong_timeline(found: Found) -> list[str]:
    """One entry per fact, and each fact that belongs to this way."""
    track = found.walker.track
    taken = STEPS[track] if found.cancelled else STEPS[track][:-1]
    records = [one.record for one in EFFECTS[track] if one.step in taken and one.record not in _AS_RECORDED]
    wanted = Counter(record.partition(":")[0] for record in records)
    wanted.update(dict.fromkeys(("attention_raised", "attention_settled", "front_desk_told"), found.asked))
    return [
        f"timeline: {kind} {found.timeline[kind]} times instead of {wanted[kind]}"
        for kind in sorted({*wanted, *found.timeline})
        if wanted[kind] != found.timeline[kind]
    ]


# Mail


async def _mails(world: World, address: str) -> Counter[str]:
    params = {"to": address, "limit": "1000"}
    listed = await world.http.get(f"{world.endpoints['mailbox_url']}/api/messages", params=params)
    return Counter(item["message_id"] for item in listed.json()["items"])


def _wrong_mail(found: Found) -> list[str]:
    """Each message once; more often only as the same message, and only where the ledger says that it was uncertain."""
    track = found.walker.track
    wanted = {Track.ANONYMOUS: 3, Track.INVITED: 2}[track] + 2 + (2 if found.cancelled else 0) + found.asked
    wrong = []
    if len(found.effects) != wanted:
        wrong.append(f"mail: {len(found.effects)} kinds in the ledger instead of {wanted}")
    for effect in found.effects:
        copies = (found.desk if effect["kind"] == "front_desk" else found.mails)[effect["message_id"]]
        if effect["state"] != "done":
            wrong.append(f"mail: {effect['kind']} is {effect['state']} in the ledger")
        uncertain = effect["uncertain_attempts"]
        if not 1 <= copies <= 1 + uncertain:
            wrong.append(f"mail: {copies} copies of {effect['kind']}, {uncertain} attempts were uncertain")
        if effect["kind"] == "greeting" and track is Track.ANONYMOUS and uncertain != found.asked:
            wrong.append(f"mail: the greeting was uncertain {uncertain} times, and asked for {found.asked} times")
    known = {effect["message_id"] for effect in found.effects}
    if unknown := set(found.mails) - known:
        wrong.append(f"mail: {len(unknown)} messages that the ledger doesn't know")
    return wrong


# Money


def _processor(world: World, walker: Walker) -> list[dict[str, Any]]:
    """The simulator's objects that carry this client's fee, and the charges and refunds of those."""
    path = world.stack.plan.state_dir / "simulator" / "simulator.sqlite3"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
        bodies = store.execute(
            "SELECT body FROM objects WHERE account = ? AND kind IN ('checkout.session', 'payment_intent', 'charge',"
            " 'refund')",
            (walker.provider.seeded.merchant_account,),
        ).fetchall()
    objects = [json.loads(body) for (body,) in bodies]
    fees = {row["id"] for row in world.rows("SELECT id FROM payment WHERE client_id = %s", walker.client_id)}
    intents = {one["id"] for one in objects if (one.get("metadata") or {}).get("fee_reference") in fees}
    return [one for one in objects if one["id"] in intents or one.get("payment_intent") in intents]


def _wrong_money(found: Found) -> list[str]:
    """One fee, one checkout, one charge; kept while the appointment stands, given back in full when it doesn't."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for one in found.processor:
        by_kind.setdefault(one["object"], []).append(one)
    counted = {kind: len(by_kind.get(kind, [])) for kind in ("checkout.session", "payment_intent", "charge", "refund")}
    wanted = {"checkout.session": 1, "payment_intent": 1, "charge": 1, "refund": int(found.cancelled)}
    wrong = [f"money: {counted[kind]} of {kind} instead of {n}" for kind, n in wanted.items() if counted[kind] != n]
    for charge in by_kind.get("charge", []):
        kept = charge["amount_captured"] - charge["amount_refunded"]
        due = 0 if found.cancelled else charge["amount"]
        if kept != due:
            wrong.append(f"money: {kept} is kept where {due} is due")
    rows = found.walker.world.rows(
        "SELECT p.state, p.amount_minor, p.refunded_minor FROM payment p WHERE client_id = %s", found.walker.client_id
    )
    wanted_state = "refunded" if found.cancelled else "captured"
    for row in rows:
        if row["state"] != wanted_state or row["refunded_minor"] != (row["amount_minor"] if found.cancelled else 0):
            wrong.append(f"money: the ledger says {row['state']}, {row['refunded_minor']} refunded")
    return wrong


# Time that is taken


async def _wrong_slot(walker: Walker) -> list[str]:
    rows = await walker.ledger.rows("SELECT status FROM appointment WHERE client_id = %s", walker.client_id)
    cancelled = Step.CANCEL in walker.taken
    wanted = "cancelled" if cancelled else "booked"
    wrong = [] if [row[0] for row in rows] == [wanted] else [f"appointments: {[row[0] for row in rows]}, not {wanted}"]
    offered = walker.starts_at in await walker.free_slots()
    if offered != cancelled:
        wrong.append("slot: it is offered although it is taken" if offered else "slot: stranded, though cancelled")
    return wrong
