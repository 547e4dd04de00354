"""Reading what somebody asks for who calls days off: every field that is wrong is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from domain.called_off_days import MOST_DAYS_LATER, CallingOff, Instead, farthest
from domain.errors import FieldError, ValidationFailed
from domain.hours import MINUTES_A_DAY, DayInterval
from domain.stretches import DayStretch
from domain.texts import clean_text

FIELDS = ("first_day", "last_day", "from_time", "to_time", "instead", "within_days", "reason", "words")
LONGEST = timedelta(days=31)
LONGEST_REASON = 500
LONGEST_WORDS = 300

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def read_calling_off(values: Mapping[str, object], today: date) -> CallingOff:
    """`today` is the provider's. Raises ValidationFailed naming every field that is wrong.

    Without a last day it is one day; with `from_time` or `to_time` the part of it from or up to then.
    """
    reader = _Reader(values)
    days = reader.days(today)
    instead = reader.instead()
    asked = CallingOff(
        days=days or DayStretch.whole(today),
        instead=instead,
        within_days=reader.within_days() if instead is Instead.MOVE else 0,
        reason=reader.words("reason", LONGEST_REASON),
        words=reader.words("words", LONGEST_WORDS),
    )
    if not asked.reason and "reason" not in reader.errors:
        reader.errors["reason"] = "Please say why, for your own records."
    if reader.errors:
        raise ValidationFailed([FieldError(field=name, message=text) for name, text in reader.errors.items()])
    return asked


class _Reader:
    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self.errors: dict[str, str] = {}

    def _value(self, name: str) -> object:
        value = self._values.get(name)
        return None if isinstance(value, str) and not value.strip() else value

    def days(self, today: date) -> DayStretch | None:
        first = self._day("first_day")
        last = self._day("last_day") if self._value("last_day") is not None else first
        part = self._part()
        if first is None:
            self.errors.setdefault("first_day", "Please choose the day.")
        elif first < today:
            self.errors["first_day"] = "This day is over."
        elif first > farthest(today):
            self.errors["first_day"] = "Please choose a day within a year, or enter time off."
        elif last is not None:
            self._check_last(first, last, part)
        if first is None or last is None:
            return None
        return DayStretch(first_day=first, last_day=last, part=part)

    def _check_last(self, first: date, last: date, part: DayInterval | None) -> None:
        if last < first:
            self.errors["last_day"] = "Please choose the first day, or one after it."
        elif last - first >= LONGEST:
            self.errors["last_day"] = f"At most {LONGEST.days} days at once."
        elif part is not None and last != first:
            self.errors["last_day"] = "With times it has to be a single day."

    def _part(self) -> DayInterval | None:
        """None for the whole day."""
        start, end = self._minutes("from_time", 0), self._minutes("to_time", MINUTES_A_DAY)
        if start is None or end is None or (start, end) == (0, MINUTES_A_DAY):
            return None
        if end <= start:
            self.errors["to_time"] = "It has to be after the start."
            return None
        return DayInterval(start=start, end=end)

    def _minutes(self, name: str, otherwise: int) -> int | None:
        value = self._value(name)
        if value is None:
            return otherwise
        if value == "24:00" or (value == "00:00" and name == "to_time"):
            return MINUTES_A_DAY
        found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            self.errors[name] = "Please give a time such as 09:00."
            return None
        return int(found[1]) * 60 + int(found[2])

    def _day(self, name: str) -> date | None:
        value = self._value(name)
        if value is None:
            return None
        try:
            if isinstance(value, str) and _DAY.fullmatch(value.strip()):
                return date.fromisoformat(value.strip())
        except ValueError:
            pass
        self.errors[name] = "Please give a date such as 2026-12-24."
        return None

    def instead(self) -> Instead:
        try:
            return Instead(str(self._value("instead") or ""))
        except ValueError:
            self.errors["instead"] = "Please choose whether they are cancelled or moved."
            return Instead.CANCEL

    def within_days(self) -> int:
        value = self._value("within_days")
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value.strip()[:6])
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS_LATER:
            self.errors["within_days"] = f"Please give a number of days from 1 to {MOST_DAYS_LATER}."
            return 1
        return value

    def words(self, name: str, longest: int) -> str:
        value = self._value(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.errors[name] = "Please give a text."
            return ""
        try:
            return clean_text(value, longest)
        except ValueError as error:
            self.errors[name] = str(error)
            return ""
