"""The practice's holidays: dates on which all its providers are closed, but for those who say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.document_reader import DocumentReader
from domain.errors import ValidationFailed

MOST_HOLIDAYS = 400
LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True)
class Holiday:
    """A local date of each provider's; the name is for the practice's own eyes."""

    date: date
    name: str


@dataclass(frozen=True, kw_only=True)
class Holidays:
    days: tuple[Holiday, ...] = ()

    @property
    def dates(self) -> frozenset[date]:
        return frozenset(one.date for one in self.days)

    def as_document(self) -> dict[str, Any]:
        return {"holidays": [{"date": one.date.isoformat(), "name": one.name} for one in self.days]}


def parse_holidays(document: Mapping[str, object]) -> Holidays:
    """Check and read `{"holidays": [{"date", "name"}]}`, ascending. Raises ValidationFailed naming each path."""
    reader = DocumentReader()
    members = reader.members(document, "", ("holidays",))

    def holiday(value: object, path: str) -> Holiday | None:
        about = reader.members(value, path, ("date", "name"))
        day = reader.day(about["date"], f"{path}.date")
        name = reader.text(about["name"], f"{path}.name", LONGEST_NAME)
        if isinstance(about["name"], str) and not about["name"].strip():
            reader.refuse(f"{path}.name", "is needed")
        return Holiday(date=day, name=name) if day else None

    found = reader.several(members["holidays"], "holidays", MOST_HOLIDAYS, holiday)
    reader.refuse_repeats([(f"{path}.date", one.date) for path, one in found])
    if reader.errors:
        raise ValidationFailed(reader.errors)
    return Holidays(days=tuple(sorted((one for _, one in found), key=lambda one: one.date)))
