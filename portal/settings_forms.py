"""Between the sections of the settings page and the documents of the contract."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from domain.availability import WEEKDAYS
from domain.errors import FieldError, ValidationFailed
from domain.states import SettingsKind
from portal.forms import Form

Document = dict[str, Any]

# The sections of the page that are documents of their own; the portal settings are `portal.policy_forms`.
SECTIONS: dict[str, SettingsKind] = {
    "availability": SettingsKind.AVAILABILITY,
}
_INTERVAL = re.compile(r"(\d{1,2}:\d{2})\s*(?:-|–|to)\s*(\d{1,2}:\d{2})")


def fields_shown(section: str, document: Document) -> dict[str, str]:
    """What the section's inputs hold; a checkbox that isn't checked is left out."""
    return _SHOWN[SECTIONS[section]](document)


def document_from(section: str, form: Form) -> Document:
    """The document to save. Raises ValidationFailed."""
    return _TYPED[SECTIONS[section]](form)


def _availability(form: Form) -> Document:
    errors: list[FieldError] = []
    weekly = []
    for weekday in WEEKDAYS:
        weekly += [{"weekday": str(weekday), **one} for one in _intervals(str(weekday), form.text(weekday), errors)]
    overrides = []
    for line in form.first("overrides").splitlines():
        day, _, hours = line.partition(" ")
        if line.strip():
            overrides.append({"date": day.strip(" :"), "intervals": _intervals("overrides", hours.strip(), errors)})
    if errors:
        raise ValidationFailed(errors)
    return {"timezone": form.text("timezone"), "weekly": weekly, "overrides": overrides}


def _intervals(field: str, text: str, errors: list[FieldError]) -> list[Document]:
    if not text or text.lower() in ("closed", "-"):
        return []
    found = []
    for part in text.split(","):
        match = _INTERVAL.fullmatch(part.strip())
        if match is None:
            errors.append(FieldError(field=field, message=f"“{part.strip()[:30]}” isn't hours such as 09:00-12:00"))
        else:
            found.append({"start": match[1].zfill(5), "end": match[2].zfill(5)})
    return found


def _availability_shown(document: Document) -> dict[str, str]:
    days: dict[str, list[str]] = {str(weekday): [] for weekday in WEEKDAYS}
    for opening in document["weekly"]:
        days[opening["weekday"]].append(_hours(opening))
    lines = [
        f"{one['date']} {', '.join(_hours(interval) for interval in one['intervals']) or 'closed'}"
        for one in document["overrides"]
    ]
    hours = {day: ", ".join(parts) for day, parts in days.items()}
    return {"timezone": document["timezone"], "overrides": "\n".join(lines), **hours}


def _hours(interval: Document) -> str:
    return f"{interval['start']}-{interval['end']}"


_SHOWN: dict[SettingsKind, Callable[[Document], dict[str, str]]] = {SettingsKind.AVAILABILITY: _availability_shown}
_TYPED: dict[SettingsKind, Callable[[Form], Document]] = {SettingsKind.AVAILABILITY: _availability}
