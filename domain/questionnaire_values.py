"""The values of FHIR R4 answers: their JSON forms, how they compare, and how they are checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum

from domain.texts import check_printable

LONGEST_STRING = 10_000
LONGEST_URL = 2_000
LONGEST_CODE = 500
_LARGEST_INTEGER = 2**31 - 1

# https://hl7.org/fhir/R4/datatypes.html
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])", re.ASCII
)
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?", re.ASCII)
_URL = re.compile(r"(https?|ftp)://[^\s/]\S*", re.IGNORECASE)


class Kind(StrEnum):
    """The `[x]` of `value[x]`, `answer[x]` and `initial`."""

    BOOLEAN = "Boolean"
    DECIMAL = "Decimal"
    INTEGER = "Integer"
    DATE = "Date"
    DATE_TIME = "DateTime"
    TIME = "Time"
    STRING = "String"
    URI = "Uri"
    CODING = "Coding"
    QUANTITY = "Quantity"


NUMBERS = frozenset({Kind.DECIMAL, Kind.INTEGER})
ORDERED = NUMBERS | {Kind.DATE, Kind.DATE_TIME, Kind.TIME, Kind.QUANTITY}


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """How much of what: `unit` is the unit's code, or its words where it has none."""

    value: Decimal
    unit: str


Key = bool | Decimal | date | datetime | time | str | tuple[str, str] | Quantity


@dataclass(frozen=True, kw_only=True)
class Value:
    """A checked value: `raw` as it stands in JSON, `key` to compare it by (a Coding's is its system and code)."""

    kind: Kind
    raw: object
    key: Key

    @property
    def is_blank(self) -> bool:
        return isinstance(self.raw, str) and not self.raw.strip()


def read_value(kind: Kind, raw: object) -> Value:
    """Raises ValueError with a sentence for the person who answered."""
    return Value(kind=kind, raw=raw, key=_READERS[kind](raw))


def same(one: Value, other: Value) -> bool:
    """Whether two values are equal; codings by code, and by system where both name one."""
    if isinstance(one.key, tuple) and isinstance(other.key, tuple):
        systems = {one.key[0], other.key[0]} - {""}
        return one.key[1] == other.key[1] and len(systems) < 2
    return _comparable(one, other) and one.key == other.key


def less(one: Value, other: Value) -> bool:
    """Whether `one` comes before `other`; values of different kinds, and of different units, have no order."""
    if one.kind not in ORDERED or not _comparable(one, other):
        return False
    if isinstance(one.key, Quantity) and isinstance(other.key, Quantity):
        return one.key.unit == other.key.unit and one.key.value < other.key.value
    return bool(one.key < other.key)  # type: ignore[operator]  # of one comparable type, as checked above


def _comparable(one: Value, other: Value) -> bool:
    return one.kind == other.kind or {one.kind, other.kind} <= NUMBERS


def _boolean(raw: object) -> Key:
    if not isinstance(raw, bool):
        raise ValueError("Please answer yes or no.")
    return raw


def _decimal(raw: object) -> Key:
    number = isinstance(raw, int | float | Decimal) and not isinstance(raw, bool)
    if not number or not abs(raw) <= 10**18:  # type: ignore[arg-type]  # a number, as just checked
        raise ValueError("Please give a number.")
    return Decimal(str(raw))


def _integer(raw: object) -> Key:
    if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > _LARGEST_INTEGER:
        raise ValueError("Please give a whole number.")
    return Decimal(raw)


def _date(raw: object) -> Key:
    match = _DATE.fullmatch(raw) if isinstance(raw, str) else None
    if match is None:
        raise ValueError("Please give a date as year-month-day, such as 2026-05-31.")
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        raise ValueError("Please give a date that exists.") from None


def _date_time(raw: object) -> Key:
    try:
        if isinstance(raw, str) and _MOMENT.fullmatch(raw):
            return datetime.fromisoformat(raw)
    except ValueError:
        raise ValueError("Please give a date and time that exist.") from None
    day = _date(raw)
    assert isinstance(day, date)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _time(raw: object) -> Key:
    try:
        if isinstance(raw, str) and _TIME.fullmatch(raw):
            return time.fromisoformat(raw)
    except ValueError:
        pass
    raise ValueError("Please give a time, such as 14:30.")


def _string(raw: object) -> Key:
    if not isinstance(raw, str):
        raise ValueError("Please answer with a text.")
    if len(raw) > LONGEST_STRING:
        raise ValueError(f"Please use at most {LONGEST_STRING} characters.")
    check_printable(raw, lines=True)
    return raw


def _uri(raw: object) -> Key:
    if not isinstance(raw, str) or len(raw) > LONGEST_URL or not _URL.fullmatch(raw):
        raise ValueError("Please give a web address, such as https://example.com.")
    check_printable(raw)
    return raw


def _coding(raw: object) -> Key:
    if not isinstance(raw, Mapping):
        raise ValueError("Please choose one of the answers.")
    parts = [raw.get(name, "") for name in ("system", "code", "display")]
    if not all(isinstance(part, str) and len(part) <= LONGEST_CODE for part in parts) or not (parts[1] or parts[2]):
        raise ValueError("Please choose one of the answers.")
    for part in parts:
        check_printable(part)
    return parts[0], parts[1] or parts[2]


def _quantity(raw: object) -> Key:
    if not isinstance(raw, Mapping):
        raise ValueError("Please give a number and its unit.")
    if raw.get("comparator") is not None:
        raise ValueError("Please give a number without a sign of comparison.")
    value = _decimal(raw.get("value"))
    parts = [raw.get(name, "") for name in ("system", "code", "unit")]
    if not all(isinstance(part, str) and len(part) <= LONGEST_CODE for part in parts):
        raise ValueError("Please give a number and its unit.")
    for part in parts:
        check_printable(part)
    assert isinstance(value, Decimal)
    return Quantity(value=value, unit=parts[1] or parts[2])


_READERS = {
    Kind.BOOLEAN: _boolean,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
    Kind.DATE: _date,
    Kind.DATE_TIME: _date_time,
    Kind.TIME: _time,
    Kind.STRING: _string,
    Kind.URI: _uri,
    Kind.CODING: _coding,
    Kind.QUANTITY: _quantity,
}
