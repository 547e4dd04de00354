"""What a stranger reads of a journey in the Temporal UI: Markdown, ids and closed words only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from temporalio import workflow


def journey_details(
    *,
    stage: str,
    waits_for: str,
    until: datetime | None,
    stuck: Mapping[str, str],
    weather: Mapping[str, str],
    sent: Sequence[str],
    bookings: Sequence[str],
) -> str:
    rows = [("Stage", stage), ("Waits for", waits_for)]
    if until is not None:
        rows.append(("Until", f"{until:%Y-%m-%d %H:%M} UTC"))
    rows += [("Sent", "; ".join(sent))] if sent else []
    rows += [("Bookings", ", ".join(link(one) for one in bookings))] if bookings else []
    return _table(rows) + _list("Needs attention", stuck) + _list("Bad weather", weather)


def booking_details(
    *,
    state: str,
    waits_for: str,
    until: datetime | None,
    stuck: Mapping[str, str],
    weather: Mapping[str, str],
    journey: str,
    sent: Sequence[str],
) -> str:
    rows = [("Appointment", state), ("Waits for", waits_for)]
    if until is not None:
        rows.append(("Until", f"{until:%Y-%m-%d %H:%M} UTC"))
    rows += [("Sent", "; ".join(sent))] if sent else []
    rows.append(("Journey", link(journey)))
    return _table(rows) + _list("Needs attention", stuck) + _list("Bad weather", weather)


def affair_details(
    *,
    what: str,
    state: str,
    waits_for: str,
    until: datetime | None,
    stuck: Mapping[str, str],
    weather: Mapping[str, str],
) -> str:
    """Of a workflow about the practice's own affairs."""
    rows = [(what, state), ("Waits for", waits_for)]
    if until is not None:
        rows.append(("Until", f"{until:%Y-%m-%d %H:%M} UTC"))
    return _table(rows) + _list("Needs attention", stuck) + _list("Bad weather", weather)


def link(workflow_id: str) -> str:
    """To another workflow in the same Temporal UI."""
    namespace = workflow.info().namespace
    return f"[{workflow_id}](/namespaces/{namespace}/workflows/{workflow_id})"


def _table(rows: Sequence[tuple[str, str]]) -> str:
    return "| | |\n|---|---|\n" + "\n".join(f"| **{name}** | {value} |" for name, value in rows)


def _list(title: str, steps: Mapping[str, str]) -> str:
    if not steps:
        return ""
    lines = "\n".join(f"- **{step}**: {reason}" for step, reason in steps.items())
    return f"\n\n### {title}\n{lines}\n"
