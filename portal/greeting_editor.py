"""The greeting's editor as its posted fields: each button changes what is shown; nothing is in force before Save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.attachments import MOST_FILES
from domain.errors import FieldError
from portal.forms import Form

# More than may be sent: too many are said to be too many, and one can be taken out.
_MOST_SHOWN = 2 * MOST_FILES


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What the editor shows; `files` are ids in their order."""

    subject: str
    body: str
    files: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        return {"subject": self.subject, "body": self.body, "attachments": [{"id": one} for one in self.files]}

    def with_file(self, added: str, in_place_of: str | None = None) -> Sheet:
        if in_place_of is None:
            return replace(self, files=(*self.files, added))
        return replace(self, files=tuple(added if one == in_place_of else one for one in self.files))


def sheet_of_document(document: Mapping[str, Any]) -> Sheet:
    files = tuple(one["id"] for one in document["attachments"])
    return Sheet(subject=document["subject"], body=document["body"], files=files)


def sheet_of_posted(form: Form) -> Sheet:
    files = tuple(dict.fromkeys(form.values.get("row", [])))[:_MOST_SHOWN]
    return Sheet(subject=form.text("subject"), body=form.first("body").replace("\r\n", "\n"), files=files)


def changed(sheet: Sheet, action: str) -> Sheet:
    """After a button: `up:<id>`, `down:<id>`, `remove:<id>`; anything else leaves the files as they are."""
    verb, _, chosen = action.partition(":")
    if verb not in ("up", "down", "remove") or chosen not in sheet.files:
        return sheet
    files = list(sheet.files)
    index = files.index(chosen)
    files.pop(index)
    if verb != "remove":
        files.insert(max(index + (-1 if verb == "up" else 1), 0), chosen)
    return replace(sheet, files=tuple(files))


def messages(errors: Sequence[FieldError]) -> dict[str, str]:
    """Everything that is wrong with each input, as sentences."""
    found: dict[str, str] = {}
    for error in errors:
        sentence = error.message[:1].upper() + error.message[1:].rstrip(".") + "."
        found[error.field] = f"{found[error.field]} {sentence}" if error.field in found else sentence
    return found
