"""Builders of rules and openings for the tests of slots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.availability import parse_availability
from domain.hours import WEEKDAYS, Availability
from domain.slots import Slot, SlotRules

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rules(**changes: int) -> SlotRules:
    values = {
        "appointment_minutes": 50,
        "slot_step_minutes": 60,
        "buffer_minutes": 0,
        "capacity": 1,
        "min_notice_minutes": 0,
        "horizon_days": 90,
    }
    return SlotRules(**(values | changes))


def open_on(zone: str, hours: dict[str, Sequence[tuple[str, str]]], overrides: Sequence[Any] = ()) -> Availability:
    return parse_availability(document_on(zone, hours, overrides))


def document_on(
    zone: str, hours: dict[str, Sequence[tuple[str, str]]], overrides: Sequence[Any] = ()
) -> dict[str, Any]:
    weekly = [
        {"weekday": weekday, "start": start, "end": end} for weekday, spans in hours.items() for start, end in spans
    ]
    return {"timezone": zone, "weekly": weekly, "overrides": list(overrides)}


def starts(slots: list[Slot], zone: str = "UTC") -> list[str]:
    return [slot.starts_at.astimezone(ZoneInfo(zone)).strftime("%a %H:%M") for slot in slots]


EVERY_DAY = [str(weekday) for weekday in WEEKDAYS]


def every_day(*spans: tuple[str, str], days: Sequence[str] = EVERY_DAY) -> dict[str, Sequence[tuple[str, str]]]:
    return dict.fromkeys(days, spans)
