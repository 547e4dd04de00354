"""A questionnaire as rows to edit: sections one level deep, and what an editor doesn't know kept as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import FieldError, ValidationFailed
from domain.questionnaire_items import CHOICES, Item, ItemType, Operator, Questionnaire
from domain.questionnaire_values import same

# What a copy must not claim: it is another document, by somebody else. Its licence (`copyright`) goes along.
_NOT_COPIED = ("id", "meta", "identifier", "publisher", "contact", "approvalDate", "lastReviewDate", "derivedFrom")
_ANSWERS = {
    ItemType.BOOLEAN: "answerBoolean",
    ItemType.INTEGER: "answerInteger",
    ItemType.DECIMAL: "answerDecimal",
    ItemType.DATE: "answerDate",
    ItemType.TIME: "answerTime",
    ItemType.STRING: "answerString",
    ItemType.TEXT: "answerString",
}
_WORDS = (ItemType.GROUP, ItemType.DISPLAY)
_NUMERIC = (ItemType.INTEGER, ItemType.DECIMAL)
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_YES, _NO = ("yes", "true"), ("no", "false")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One item. `inside`: part of the section above. `options` are the labels, None where a value set gives them.

    The condition is one question, operator and answer as they are typed; `keeps_condition` where it says more.
    """

    link_id: str
    kind: ItemType
    text: str = ""
    inside: bool = False
    required: bool = False
    repeats: bool = False
    options: tuple[str, ...] | None = ()
    question: str = ""
    operator: str = ""
    answer: str = ""
    keeps_condition: bool = False


def rows_of(questionnaire: Questionnaire) -> list[Row]:
    """Raises ValidationFailed naming what can't be shown as rows: sections in sections, and questions in questions."""
    errors = [
        FieldError(field=one.item.link_id, message="stands deeper than a section's own questions")
        for one in questionnaire.flat
        if one.depth > 1 or (one.parent is not None and one.parent.is_question)
    ]
    nested = [one.item.link_id for one in questionnaire.flat if one.depth == 1 and one.item.type is ItemType.GROUP]
    errors += [FieldError(field=link_id, message="is a section within a section") for link_id in nested]
    if errors:
        raise ValidationFailed(errors)
    return [_row(questionnaire, one.item, inside=one.depth == 1) for one in questionnaire.flat]


def document_of(title: str, rows: Sequence[Row], base: Mapping[str, Any] | None, *, copy: bool) -> dict[str, Any]:
    """The FHIR R4 Questionnaire of these rows, on top of what `base` says of the same items.

    Raises ValidationFailed by linkId for a condition that can't be read; the rest is for `parse_questionnaire`.
    """
    document: dict[str, Any] = dict(base or {"resourceType": "Questionnaire"})
    for name in ("text", *(_NOT_COPIED if copy else ())):
        document.pop(name, None)
    known = _entries_by_link_id(document.get("item", ()))
    entries = {row.link_id: _entry(row, known.get(row.link_id)) for row in rows}
    errors = [error for row in rows if (error := _set_condition(row, entries)) is not None]
    if errors:
        raise ValidationFailed(errors)
    document["title"] = title
    document["item"] = _nested(rows, entries)
    return document


def _row(questionnaire: Questionnaire, item: Item, *, inside: bool) -> Row:
    from_value_set = item.type in CHOICES and not _listed(questionnaire, item)
    question = operator = answer = ""
    keeps = len(item.conditions) > 1
    if len(item.conditions) == 1:
        condition = item.conditions[0]
        asked = questionnaire.by_link_id[condition.question].item
        question, operator = condition.question, str(condition.operator)
        chosen = next((one for one in asked.options if same(one.value, condition.answer)), None)
        key = condition.answer.key
        answer = chosen.label if chosen else ("yes" if key else "no") if isinstance(key, bool) else str(key)
        plain = chosen is not None or condition.answer.kind in {_kind(asked)} or condition.operator is Operator.EXISTS
        keeps = not plain or (isinstance(key, tuple) and chosen is None)
    return Row(
        link_id=item.link_id,
        kind=item.type,
        text=item.text,
        inside=inside,
        required=item.is_question and item.required,
        repeats=item.repeats,
        options=None if from_value_set else tuple(option.label for option in item.options),
        question="" if keeps else question,
        operator="" if keeps else operator,
        answer="" if keeps else answer,
        keeps_condition=keeps,
    )


def _kind(asked: Item) -> str:
    return _ANSWERS.get(asked.type, "").removeprefix("answer")


def _listed(questionnaire: Questionnaire, item: Item) -> bool:
    entry = _entries_by_link_id(questionnaire.document.get("item", ()))[item.link_id]
    return "answerValueSet" not in entry


def _entries_by_link_id(entries: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        found[entry["linkId"]] = entry
        found |= _entries_by_link_id(entry.get("item", ()))
    return found


def _entry(row: Row, base: Mapping[str, Any] | None) -> dict[str, Any]:
    """An item of another type than before is a new question: nothing of the old one is true of it."""
    entry: dict[str, Any] = {"linkId": row.link_id, "type": str(row.kind)}
    if base is not None and base.get("type") == row.kind:
        entry = {key: value for key, value in base.items() if key != "item"}
    entry["text"] = row.text
    # What has no such switch in the editor (sections aren't required by it): what was said of it stays.
    switches = {} if row.kind in _WORDS else {"required": row.required}
    switches |= {} if row.kind is ItemType.DISPLAY else {"repeats": row.repeats}
    entry |= {flag: on for flag, on in switches.items() if on or flag in entry}
    if row.options is not None:
        entry.pop("answerValueSet", None)
        there = {_label(option): option for option in entry.pop("answerOption", ())}
        if row.options:
            entry["answerOption"] = [there.get(label, {"valueString": label}) for label in row.options]
    return entry


def _label(option: Mapping[str, Any]) -> str:
    coding = option.get("valueCoding")
    if isinstance(coding, Mapping):
        return str(coding.get("display") or coding.get("code"))
    return str(next((option[key] for key in option if key.startswith("value")), ""))


def _set_condition(row: Row, entries: Mapping[str, dict[str, Any]]) -> FieldError | None:
    entry = entries[row.link_id]
    if row.keeps_condition:
        return None
    entry.pop("enableWhen", None)
    entry.pop("enableBehavior", None)
    if not row.question:
        return None
    asked = entries.get(row.question)
    if asked is None:
        return FieldError(field=row.link_id, message="depends on a question that isn't there any more")
    try:
        operator = Operator(row.operator or "=")
        answer = {"answerBoolean": True} if operator is Operator.EXISTS else _answer(asked, row.answer.strip())
    except ValueError as error:
        return FieldError(field=row.link_id, message=str(error))
    if operator is Operator.EXISTS and row.answer.strip().lower() in _NO:
        answer = {"answerBoolean": False}
    entry["enableWhen"] = [{"question": row.question, "operator": str(operator), **answer}]
    return None


def _answer(asked: Mapping[str, Any], typed: str) -> dict[str, Any]:
    """Raises ValueError with a sentence for the person who edits."""
    kind = ItemType(asked["type"])
    for option in asked.get("answerOption", ()):
        if _label(option).lower() == typed.lower():
            return {key.replace("value", "answer", 1): option[key] for key in option if key.startswith("value")}
    if kind in CHOICES:
        raise ValueError("depends on an answer that isn't one of the other question's answers")
    if kind is ItemType.BOOLEAN:
        if typed.lower() not in _YES + _NO:
            raise ValueError("depends on a yes-or-no question: please write yes or no")
        return {"answerBoolean": typed.lower() in _YES}
    if kind in _NUMERIC:
        if not _NUMBER.fullmatch(typed) or (kind is ItemType.INTEGER and "." in typed):
            raise ValueError("depends on a number: please write one")
        return {_ANSWERS[kind]: float(typed) if "." in typed else int(typed)}
    if kind not in _ANSWERS or not typed:
        raise ValueError("needs an answer of the other question to depend on")
    return {_ANSWERS[kind]: f"{typed}:00" if kind is ItemType.TIME and typed.count(":") == 1 else typed}


def _nested(rows: Sequence[Row], entries: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    top: list[dict[str, Any]] = []
    section: dict[str, Any] | None = None
    for row in rows:
        entry = entries[row.link_id]
        if row.kind is ItemType.GROUP:
            section = entry
            top.append(entry)
        elif row.inside and section is not None:
            section.setdefault("item", []).append(entry)
        else:
            section = None
            top.append(entry)
    return top
