"""A list of new clients as people keep them: pasted from a table or saved as CSV, read into rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domain.duplicates import Person, Resemblance, resemblance
from domain.errors import ValidationFailed

MOST_ROWS = 200
LARGEST_LIST = 256 * 1024
COLUMNS = ("first_name", "last_name", "email", "phone", "external_id")
# How the columns are called in headers that people write; compared in lower case, by their letters alone.
_CALLED = {
    "first_name": ("firstname", "first", "givenname", "forename"),
    "last_name": ("lastname", "last", "surname", "familyname", "name"),
    "email": ("email", "emailaddress", "mail"),
    "phone": ("phone", "phonenumber", "telephone", "tel", "mobile", "cell"),
    "external_id": ("externalid", "number", "clientnumber", "clientid", "id", "yournumber"),
}
_NEEDED = ("first_name", "last_name", "email")
# How a spreadsheet keeps digits as text: ="0123".
_KEPT_AS_TEXT = re.compile(r'="([^"=]*)"')
# What a spreadsheet would calculate when the cell is exported to it again.
_FORMULA = ("=", "+", "-", "@")


class RowState(StrEnum):
    READY = "ready"
    WRONG = "wrong"
    REPEATED = "repeated"  # an earlier row is the same person
    KNOWN = "known"  # a client already, it seems
    NUMBERED = "numbered"  # a client already: the practice's own number says so


@dataclass(frozen=True, kw_only=True)
class ListRow:
    """`number` is the row as a person counts it, the header's being 1 where there is one; `errors` by column."""

    number: int
    values: Mapping[str, object]
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ClientList:
    """`unused` are headings of columns that say nothing here."""

    rows: Sequence[ListRow]
    unused: tuple[str, ...] = ()


def text_of(content: bytes) -> str:
    """What was uploaded, as text: UTF-8, UTF-16, or what spreadsheets save where nobody asks them.

    Raises ValidationFailed on `list`.
    """
    if len(content) > LARGEST_LIST:
        raise _too_large()
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _wrong("This is a spreadsheet. Please save it as CSV, or copy its rows and paste them here.")
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_list(text: str) -> ClientList:
    """Commas, semicolons or tabs; with a header, or in the order of `COLUMNS`. Raises ValidationFailed on `list`."""
    if len(text.encode(errors="replace")) > LARGEST_LIST:
        raise _too_large()
    if "\ufffd" in text or "\0" in text:
        raise _wrong("Some letters can't be read. Please save the file as “CSV UTF-8”, or paste the rows.")
    named = [(number, line) for number, line in enumerate(_lines(text), start=1) if any(map(str.strip, line))]
    if not named:
        raise _wrong("The list is empty.")
    columns = _header(named[0][1])
    rows = named if columns is None else named[1:]
    if not rows:
        raise _wrong("The list has a header and nothing below it.")
    if len(rows) > MOST_ROWS:
        raise _wrong(f"At most {MOST_ROWS} clients at once; this list has {len(rows)}. Please split it.")
    unused = () if columns is None else _unused(named[0][1], columns)
    return ClientList(rows=[_row(number, line, columns or COLUMNS) for number, line in rows], unused=unused)


def _lines(text: str) -> list[list[str]]:
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    if re.fullmatch(r'"?sep=.?"?', first.strip(), re.IGNORECASE):  # a note that some spreadsheets write for themselves
        text = "\n" + rest
    first = next((line for line in text.split("\n") if line.strip()), "")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=max("\t;,", key=first.count), strict=True))
    except csv.Error:
        raise _wrong("The list can't be read as a table: a quotation mark is missing somewhere.") from None


def _wrong(message: str) -> ValidationFailed:
    return ValidationFailed.of("list", message)


def _too_large() -> ValidationFailed:
    return _wrong(f"The list is too large: at most {LARGEST_LIST // 1024} KB.")


def _header(line: Sequence[str]) -> list[str | None] | None:
    """The columns by their headings; None where the first line is somebody already. Raises ValidationFailed."""
    headings = ["".join(letter for letter in cell.lower() if letter.isalpha()) for cell in line]
    columns = [next((name for name, called in _CALLED.items() if one in called), None) for one in headings]
    if any("@" in cell for cell in line) or not any(columns):
        return None
    missing = [name.replace("_", " ") for name in _NEEDED if name not in columns]
    if missing:
        raise _wrong(f"The header names no column for: {', '.join(missing)}.")
    twice = sorted({name for name in columns if name is not None and columns.count(name) > 1})
    if twice:
        raise _wrong(f"The header names two columns for: {', '.join(twice).replace('_', ' ')}.")
    return columns


def _unused(line: Sequence[str], columns: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(cell.strip() for cell, name in zip(line, columns, strict=True) if name is None and cell.strip())


def _row(number: int, line: Sequence[str], columns: Sequence[str | None]) -> ListRow:
    cells = [*line, *[""] * (len(columns) - len(line))]
    values = {name: _plain(cell) for name, cell in zip(columns, cells, strict=False) if name is not None}
    errors = {
        name: "starts like a formula of a spreadsheet" for name, cell in values.items() if _calculates(name, cell)
    }
    if any(cell.strip() for cell in line[len(columns) :]):
        errors["row"] = "has more columns than expected; a cell with a comma in it needs quotation marks"
    return ListRow(number=number, values=values, errors=errors)


def _plain(cell: str) -> str:
    cell = cell.strip()
    kept = _KEPT_AS_TEXT.fullmatch(cell)
    if kept:
        return kept.group(1).strip()
    # As exports write what would be calculated otherwise, ours among them.
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _calculates(name: str, cell: str) -> bool:
    return cell.startswith(("=", "@") if name == "phone" else _FORMULA)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row that could be read: who it is, and the practice's own number for them."""

    number: int
    person: Person
    external_id: str | None


def repeats(entries: Sequence[Entry]) -> dict[int, int]:
    """Row -> the earlier row that is the same person: the same number, or the same name at the same address."""
    found: dict[int, int] = {}
    by_address: dict[str, list[Entry]] = {}
    by_number: dict[str, int] = {}
    for entry in entries:
        there = by_address.setdefault(entry.person.email, [])
        earlier = by_number.get(entry.external_id) if entry.external_id else None
        if earlier is None:
            earlier = next((one.number for one in there if _same(one, entry)), None)
        if earlier is not None:
            found[entry.number] = earlier
            continue
        there.append(entry)
        if entry.external_id:
            by_number[entry.external_id] = entry.number
    return found


def _same(one: Entry, other: Entry) -> bool:
    return resemblance(one.person, other.person) is Resemblance.NAME_AND_ADDRESS
