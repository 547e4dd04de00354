"""The form editor's page as its posted fields: each button changes the rows, and nothing is kept before Save."""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain.errors import ValidationFailed
from domain.form_rows import Row
from domain.questionnaire import MOST_ITEMS
from domain.questionnaire_items import CHOICES, LISTED, ItemType
from portal.forms import Form

_FIRST = {"add": ItemType.STRING, "add-section": ItemType.GROUP, "add-text": ItemType.DISPLAY}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What the editor shows; `touched` is the row that the last button was about."""

    title: str
    rows: list[Row]
    touched: str | None = None


def sheet_of(form: Form) -> Sheet:
    link_ids = list(dict.fromkeys(form.values.get("row", [])))[: MOST_ITEMS + 1]
    return Sheet(title=form.text("title"), rows=[_row(form, link_id) for link_id in link_ids])


def changed(sheet: Sheet, action: str) -> Sheet:
    """After a button: `add`, `add-section`, `add-text`, `up:<linkId>`, `down:<linkId>`, `delete:<linkId>`."""
    verb, _, link_id = action.partition(":")
    rows = list(sheet.rows)
    if verb in _FIRST:
        kind = _FIRST[verb]
        new = Row(link_id=_free(rows), kind=kind, inside=kind is not ItemType.GROUP and _in_section(rows))
        return replace(sheet, rows=[*rows, new], touched=new.link_id)
    index = next((number for number, row in enumerate(rows) if row.link_id == link_id), None)
    if index is None:
        return sheet
    row = rows.pop(index)
    if verb == "delete":
        return replace(sheet, rows=rows, touched=rows[min(index, len(rows) - 1)].link_id if rows else None)
    step = {"up": -1, "down": 1}.get(verb, 0)
    rows.insert(min(max(index + step, 0), len(rows)), row)
    return replace(sheet, rows=rows, touched=link_id)


def _row(form: Form, link_id: str) -> Row:
    def typed(name: str) -> str:
        return form.text(f"{name}.{link_id}")

    try:
        kind = ItemType(typed("type"))
    except ValueError:
        raise ValidationFailed.of("form", "couldn't be read; please load the page again") from None
    options: tuple[str, ...] | None = None
    if not form.has(f"keeps-options.{link_id}") or kind not in CHOICES:
        lines = [line.strip() for line in form.first(f"options.{link_id}").splitlines()]
        options = tuple(dict.fromkeys(line for line in lines if line)) if kind in CHOICES | LISTED else ()
    question = kind not in (ItemType.GROUP, ItemType.DISPLAY)
    return Row(
        link_id=link_id,
        kind=kind,
        text=form.first(f"text.{link_id}").replace("\r\n", "\n").strip(),
        inside=kind is not ItemType.GROUP and form.has(f"inside.{link_id}"),
        required=question and form.has(f"required.{link_id}"),
        repeats=kind is not ItemType.DISPLAY and form.has(f"repeats.{link_id}"),
        options=options,
        question=typed("question"),
        operator=typed("operator"),
        answer=typed("answer"),
        keeps_condition=form.has(f"keeps-condition.{link_id}"),
    )


def _free(rows: list[Row]) -> str:
    taken = {row.link_id for row in rows}
    return next(name for number in range(1, len(rows) + 2) if (name := f"q{number}") not in taken)


def _in_section(rows: list[Row]) -> bool:
    return bool(rows) and (rows[-1].inside or rows[-1].kind is ItemType.GROUP)
