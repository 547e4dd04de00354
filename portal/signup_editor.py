"""The sign-up form's editor as its posted fields: each button changes the rows, and nothing is kept before Save."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.errors import FieldError
from domain.signup_fields import ALWAYS_ASKED, STANDARD_TYPES, FieldType, standard_field
from domain.signup_form import MOST_FIELDS, SignupForm
from portal.forms import Form

OFF, SHOWN, REQUIRED = "off", "shown", "required"
# What a question of one's own can be.
OWN_TYPES = {
    FieldType.TEXT: "Short text",
    FieldType.LONG_TEXT: "Long text",
    FieldType.NUMBER: "Number",
    FieldType.DATE: "Date",
    FieldType.YES_NO: "Yes or no",
    FieldType.CHOICE: "One of many",
    FieldType.CHOICES: "Some of many",
    FieldType.CONSENT: "Consent",
    FieldType.EMAIL: "Email",
    FieldType.PHONE: "Phone",
}
_PATH = re.compile(r"fields\[(\d+)\](?:\.(\w+))?")
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One field as its inputs hold it."""

    key: str
    type: str
    label: str
    state: str = SHOWN
    help: str = ""
    section: str = ""
    options: str = ""
    minimum: str = ""
    maximum: str = ""

    @property
    def is_standard(self) -> bool:
        return self.key in STANDARD_TYPES

    @property
    def always(self) -> bool:
        return self.key in ALWAYS_ASKED

    def as_document(self) -> dict[str, Any]:
        """What can't be read is left as it is typed, for the domain to refuse."""
        document: dict[str, Any] = {
            "key": self.key,
            "type": self.type,
            "label": self.label,
            "enabled": self.always or self.state != OFF,
            "required": self.always or self.state == REQUIRED,
            "help": self.help,
            "section": self.section,
            "min": _number(self.minimum),
            "max": _number(self.maximum),
        }
        if self.type in (FieldType.CHOICE, FieldType.CHOICES):
            document["options"] = [line.strip() for line in self.options.splitlines() if line.strip()]
        return document


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What the editor shows; `touched` is the row that the last button was about."""

    rows: list[Row]
    touched: str | None = None

    def as_document(self) -> dict[str, Any]:
        return {"fields": [row.as_document() for row in self.rows]}


def sheet_of_form(form: SignupForm) -> Sheet:
    """Standard fields that the form leaves out stand last, switched off."""
    missing = [standard_field(key) for key in STANDARD_TYPES if key not in form.by_key]
    return Sheet(
        rows=[
            Row(
                key=one.key,
                type=str(one.type),
                label=one.label,
                state=(REQUIRED if one.required else SHOWN) if one.enabled else OFF,
                help=one.help,
                section=one.section,
                options="\n".join(one.options),
                minimum="" if one.minimum is None else str(one.minimum),
                maximum="" if one.maximum is None else str(one.maximum),
            )
            for one in (*form.fields, *missing)
        ]
    )


def sheet_of_posted(form: Form) -> Sheet:
    keys = list(dict.fromkeys(form.values.get("row", [])))[: MOST_FIELDS + 1]
    return Sheet(
        rows=[
            Row(
                key=key,
                type=str(STANDARD_TYPES.get(key, form.first(f"type.{key}"))),
                label=form.text(f"label.{key}"),
                state=form.first(f"state.{key}") or OFF,
                help=form.text(f"help.{key}"),
                section=form.text(f"section.{key}"),
                options=form.first(f"options.{key}"),
                minimum=form.text(f"min.{key}"),
                maximum=form.text(f"max.{key}"),
            )
            for key in keys
        ]
    )


def changed(sheet: Sheet, action: str, form: Form) -> Sheet:
    """After a button: `add`, `up:<key>`, `down:<key>`, `remove:<key>`; anything else only reads the page again."""
    verb, _, key = action.partition(":")
    if verb == "add":
        return _with_new(sheet, form)
    rows = list(sheet.rows)
    index = next((number for number, row in enumerate(rows) if row.key == key), None)
    if index is None or verb not in ("up", "down", "remove"):
        return sheet
    row = rows.pop(index)
    if verb == "remove":
        if row.is_standard:
            return sheet
        return replace(sheet, rows=rows, touched=rows[min(index, len(rows) - 1)].key if rows else None)
    rows.insert(max(index + (-1 if verb == "up" else 1), 0), row)
    return replace(sheet, rows=rows, touched=key)


def _with_new(sheet: Sheet, form: Form) -> Sheet:
    label, kind = form.text("new_label"), form.first("new_type")
    kind = kind if kind in OWN_TYPES else FieldType.TEXT
    stem = _NOT_IN_KEYS.sub("_", label.lower()).strip("_")[:30].strip("_") or "question"
    stem = stem if stem[0].isalpha() else f"q_{stem}"
    taken = {row.key for row in sheet.rows} | set(STANDARD_TYPES)
    names = (stem, *(f"{stem}_{number}" for number in range(2, MOST_FIELDS + 20)))
    key = next(one for one in names if one not in taken)
    section = sheet.rows[-1].section if sheet.rows else ""
    return replace(sheet, rows=[*sheet.rows, Row(key=key, type=kind, label=label, section=section)], touched=key)


def input_errors(sheet: Sheet, errors: Sequence[FieldError]) -> dict[str, str]:
    """The domain's errors by the page's inputs: `fields[3].label` is `label.<key>` of the fourth row."""
    found: dict[str, str] = {}
    for error in errors:
        match = _PATH.match(error.field)
        if match is None or int(match[1]) >= len(sheet.rows):
            found.setdefault(error.field, error.message)
            continue
        part = match[2] or "label"
        name = "state" if part in ("enabled", "required") else part if part in _INPUTS else "label"
        found.setdefault(f"{name}.{sheet.rows[int(match[1])].key}", error.message)
    return found


_INPUTS = ("label", "help", "section", "options", "min", "max")


def _number(text: str) -> object:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        return text
    return float(text) if "." in text else int(text)
