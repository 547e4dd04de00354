"""Reading a JSON document strictly: everything that is wrong with it is gathered, each by its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from domain.errors import FieldError
from domain.texts import clean_text, shown_name

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_T = TypeVar("_T")

MISSING: Final[Any] = object()


class DocumentReader:
    """What couldn't be read is None; `path` is where the reader stands (`weekly[0].end`)."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def refuse(self, path: str, message: str) -> None:
        self.errors.append(FieldError(field=path, message=message))

    def members(
        self, value: object, path: str, names: tuple[str, ...], optional: tuple[str, ...] = (), what: str = "document"
    ) -> dict[str, Any]:
        """The members of a JSON object that has all of `names`, and no others but `optional`.

        What isn't there is `MISSING`.
        """
        prefix = f"{path}." if path else ""
        known = (*names, *optional)
        if not isinstance(value, Mapping):
            self.refuse(path or what, "must be an object")
            return dict.fromkeys(known, MISSING)
        for name in value:
            if name not in known:
                self.refuse(f"{prefix}{shown_name(name)}", "isn't known here")
        for name in names:
            if name not in value:
                self.refuse(f"{prefix}{name}", "is missing")
        return {name: value.get(name, MISSING) for name in known}

    def several(
        self, value: object, path: str, most: int, read: Callable[[object, str], _T | None]
    ) -> list[tuple[str, _T]]:
        """What could be read of a list, each with its path."""
        if value is MISSING:
            return []
        if not isinstance(value, list | tuple):
            self.refuse(path, "must be a list")
            return []
        if len(value) > most:
            self.refuse(path, f"has more than {most} entries")
            return []
        paths = [f"{path}[{index}]" for index in range(len(value))]
        entries = [(place, read(entry, place)) for place, entry in zip(paths, value, strict=True)]
        return [(place, entry) for place, entry in entries if entry is not None]

    def day(self, value: object, path: str) -> date | None:
        if value is MISSING:
            return None
        try:
            if isinstance(value, str) and _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass  # the thirtieth of February, say: refused like any other text
        self.refuse(path, "must be a date such as 2026-12-24")
        return None

    def text(self, value: object, path: str, longest: int) -> str:
        """One line, empty where nothing is there."""
        if value is MISSING:
            return ""
        if not isinstance(value, str):
            self.refuse(path, "must be text")
            return ""
        try:
            return clean_text(value, longest)
        except ValueError as error:
            self.refuse(path, str(error))
            return ""

    def refuse_repeats(self, dates: list[tuple[str, date]]) -> None:
        seen: set[date] = set()
        for path, day in dates:
            if day in seen:
                self.refuse(path, "has been given before")
            seen.add(day)
