"""`portico reconcile`: records, Temporal and payment processor compared, and what can be repaired, repaired."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client as Engine

from activities.comparing_money import Money, compare_money
from commands.reconciling import Compared, compare_records, moments
from commands.reconciling_calendars import compare_calendars
from commands.reconciling_journeys import compare_journeys
from commands.repairing import repair
from composition import clock_of, delivery_of, payments_of
from db.engine import Database
from dispatch.engine_view import EngineView
from dispatch.relay import Relay
from domain.ports import Payments
from domain.reconciliation import Finding, Remedy
from operators import Failed, engine_of
from settings import Settings

_WORDS = {
    Remedy.REOPEN_JOURNEY: "start the journey again from the records",
    Remedy.REOPEN_BOOKING: "start the booking again from the records",
    Remedy.TELL_AGAIN: "tell it again",
    Remedy.START_CALLED_OFF: "go on with the days that were called off",
    Remedy.RING_WAITLIST: "have the waitlist looked after",
    Remedy.NOTICE_PAYMENT: "have the booking look at the payment",
    Remedy.FOLLOW_PAYMENT: "have the ledger follow what went back or is disputed",
    Remedy.ADOPT_CHECKOUT: "write the checkout down again, and have the booking look at it",
    Remedy.END_WORKFLOW: "end the workflow (only with --end-unknown)",
    Remedy.PERSON: "for a person: see docs/operations.md, Reconciling",
    Remedy.NOTE: "as an operator wanted it",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the operator asks for; without `repair` nothing is changed."""

    repair: bool = False
    end_unknown: bool = False
    grace: timedelta = timedelta(minutes=2)
    look_back: timedelta = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that was found, and which of it was repaired or is left over (what was only noted is neither)."""

    findings: Sequence[Finding]
    repaired: Sequence[Finding]
    left: Sequence[Finding]


async def reconcile(settings: Settings, asked: Asked) -> Outcome:
    """Compare, and repair if asked to. Raises Failed when records or Temporal can't be read."""
    database = Database(settings.database_url, pool_size=10)
    payments = payments_of(settings)
    try:
        async with engine_of(settings) as engine:
            return await _reconcile(settings, asked, engine, database, payments)
    except SQLAlchemyError as error:
        raise Failed(f"the database isn't reachable, or its schema isn't the newest ({type(error).__name__})") from None
    finally:
        await payments.aclose()
        await database.close()


async def _reconcile(
    settings: Settings, asked: Asked, engine: Engine, database: Database, payments: Payments
) -> Outcome:
    clock = clock_of(settings)
    when = await moments(database, clock, grace=asked.grace, look_back=asked.look_back)
    given = Compared(database=database, engine=EngineView(engine), payments=payments, moments=when)
    money = Money(database=database, payments=payments, moments=when)
    findings = [
        *await compare_journeys(given),
        *await compare_calendars(given),
        *await compare_money(money),
        *await compare_records(given),
    ]
    if not asked.repair:
        left = [one for one in findings if one.remedy is not Remedy.NOTE]
        return Outcome(findings=findings, repaired=[], left=left)
    repaired = await repair(given, findings, end_unknown=asked.end_unknown)
    relay = Relay(database, clock, delivery_of(settings, engine))
    for subject in dict.fromkeys(repaired.subjects):
        # At once, as after any commit; the worker's relay sees to what is left.
        await relay.drain(subject)
    await relay.settle()
    return Outcome(findings=findings, repaired=repaired.done, left=repaired.left)


def as_json(outcome: Outcome) -> str:
    findings = [
        {
            "matter": str(one.matter),
            "subject": one.subject,
            "remedy": str(one.remedy),
            "state": _state(one, outcome),
            "facts": dict(one.facts),
        }
        for one in outcome.findings
    ]
    return json.dumps({"left": len(outcome.left), "repaired": len(outcome.repaired), "findings": findings}, indent=2)


def as_text(outcome: Outcome) -> str:
    lines = []
    for one in outcome.findings:
        facts = ", ".join(f"{name} {value}" for name, value in one.facts.items() if value)
        state = _state(one, outcome)
        lines.append(f"  {state:8} {one.matter:18} {one.subject}  {facts}")
        if state in ("found", "left"):
            lines.append(f"  {'':8} {'':18} -> {_WORDS[one.remedy]}")
    if not outcome.findings:
        return "records, Temporal and payment processor agree"
    lines.append(f"{len(outcome.findings)} found, {len(outcome.repaired)} repaired, {len(outcome.left)} left over")
    return "\n".join(lines)


def _state(finding: Finding, outcome: Outcome) -> str:
    if finding in outcome.repaired:
        return "repaired"
    if finding.remedy is Remedy.NOTE:
        return "noted"
    return "left" if finding.remedy in (Remedy.PERSON, Remedy.END_WORKFLOW) else "found"
