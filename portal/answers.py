"""Questionnaires as pages show them: what was answered, how far one has come, which questions depend on others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, tzinfo
from typing import Any

from domain.questionnaire import Item, ItemType, Questionnaire, flat_items
from domain.questionnaire_forms import form_values
from domain.questionnaire_instances import blank_instances, counts_of_form, laid_out
from domain.questionnaire_items import OTHER_SUFFIX, UNIT_SUFFIX, Condition, Operator
from domain.questionnaire_validation import asked_items, read_response, spoken
from domain.questionnaire_values import Kind, Quantity, same

Values = Mapping[str, Sequence[str]]

_INPUTS = {
    ItemType.DATE: ("date", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    ItemType.DATE_TIME: ("datetime-local", r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"),
    ItemType.TIME: ("time", r"[0-9]{2}:[0-9]{2}"),
    ItemType.URL: ("url", ".*"),
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A heading (`answers` is None) or a question with what was answered."""

    link_id: str
    text: str
    depth: int
    answers: list[str] | None


@dataclass(frozen=True, kw_only=True)
class Progress:
    answered: int
    total: int


def answers_shown(questionnaire: Questionnaire, response: Mapping[str, Any] | None, zone: tzinfo = UTC) -> list[Shown]:
    """Headings and answered questions, in order; what wasn't answered is left out."""
    values = form_values(questionnaire, response or {}, zone)
    questionnaire = laid_out(questionnaire, counts_of_form(questionnaire, values))
    shown: list[Shown] = []
    for one in flat_items(questionnaire):
        item = one.item
        if item.type is ItemType.GROUP:
            while shown and shown[-1].answers is None and shown[-1].depth >= one.depth:
                shown.pop()  # a heading with nothing below it
            shown.append(Shown(link_id=item.link_id, text=item.text, depth=one.depth, answers=None))
        elif item.is_question:
            answers = _spoken_answers(item, values)
            if answers:
                while shown and shown[-1].answers is None and shown[-1].depth >= one.depth:
                    shown.pop()
                shown.append(
                    Shown(link_id=item.link_id, text=item.text or item.link_id, depth=one.depth, answers=answers)
                )
    while shown and shown[-1].answers is None:
        shown.pop()
    return shown


def _spoken_answers(item: Item, values: Values) -> list[str]:
    given = values.get(item.link_id, ())
    if item.type is ItemType.QUANTITY:
        units = values.get(item.link_id + UNIT_SUFFIX, ())
        named = [item.unit(unit) for unit in units]
        words = [unit.label if unit else token for unit, token in zip(named, units, strict=True)]
        return [f"{number} {unit}".strip() for number, unit in zip(given, words, strict=True)]
    return [_spoken(item, value) for value in given] + list(values.get(item.link_id + OTHER_SUFFIX, ()))


def _spoken(item: Item, value: str) -> str:
    option = item.option(value)
    if option is not None:
        return option.label
    if item.type is ItemType.BOOLEAN:
        return "Yes" if value == "true" else "No"
    if item.type is ItemType.DATE and len(value) == 10:
        day = date.fromisoformat(value)
        return f"{day:%B} {day.day}, {day.year}"
    return value.replace("T", ", ") if item.type is ItemType.DATE_TIME else value


def progress(questionnaire: Questionnaire, response: Mapping[str, Any]) -> Progress:
    """Of the questions that are asked, given the answers so far."""
    reading = read_response(questionnaire, response)
    questionnaire, values = reading.questionnaire, reading.values
    asked = asked_items(questionnaire, values)
    begun = _begun(questionnaire, values)
    questions = [one.item for one in flat_items(questionnaire) if one.item.is_question and not one.item.read_only]
    questions = [item for item in questions if asked[item.link_id] and item.link_id in begun]
    answered = [item for item in questions if values.get(item.link_id)]
    return Progress(answered=len(answered), total=len(questions))


def _begun(questionnaire: Questionnaire, values: Mapping[str, Sequence[object]]) -> set[str]:
    """All but further instances in which nothing is answered: whoever adds one has no more to do for it."""
    blank, around = blank_instances(questionnaire, values), questionnaire.group_around
    further = {link_id for link_id, group in around.items() if group.instance and group.instance.number > 1}
    return {one.item.link_id for one in questionnaire.flat} - (blank & further)


def labels(questionnaire: Questionnaire) -> dict[str, str]:
    """What each item is called in a list of errors: with the instance it stands in, where there are several."""
    named = {one.item.link_id: one.item.text or one.item.link_id for one in questionnaire.flat}
    for link_id, group in questionnaire.group_around.items():
        if group.link_id != link_id and group.instance is not None and group.instance.of > 1:
            item = questionnaire.by_link_id[link_id].item
            named[link_id] = f"{group.text}: {item.text or item.document_link_id}"
    return named


def limit_note(item: Item) -> str:
    """What an answer may be, for those who are about to write it."""
    least, most = item.limits.min_value, item.limits.max_value
    if least is not None and most is not None:
        return f"From {spoken(least)} to {spoken(most)}."
    if least is not None or most is not None:
        return f"{spoken(least)} or more." if least is not None else f"{spoken(most)} or less." if most else ""
    if item.limits.max_answers is not None and item.repeats:
        return f"At most {item.limits.max_answers} answers."
    return f"At most {item.limits.max_length} characters." if item.limits.max_length is not None else ""


def input_type(item: Item, value: str) -> str:
    """The browser's own field for the type; a plain one for what that couldn't show (a year alone, odd seconds)."""
    kind, shape = _INPUTS.get(item.type, ("text", ""))
    return kind if not value or re.fullmatch(shape, value) else "text"


def condition_note(questionnaire: Questionnaire, item: Item) -> str:
    """For those who see every question at once: when this one is meant."""
    parts = [_said(questionnaire, condition) for condition in item.conditions]
    return "Only if " + (" or " if item.any_condition else " and ").join(parts) + "." if parts else ""


def _said(questionnaire: Questionnaire, condition: Condition) -> str:
    asked = questionnaire.by_link_id[condition.question].item
    question = f"“{asked.text or asked.link_id}”"
    if condition.operator is Operator.EXISTS:
        return f"you answered {question}" if condition.answer.key else f"you left {question} empty"
    answer = f"“{_spoken(asked, _token(asked, condition))}”"
    words = {
        Operator.EQUAL: f"you answered {answer} to {question}",
        Operator.NOT_EQUAL: f"you didn't answer {answer} to {question}",
        Operator.MORE: f"your answer to {question} is more than {answer}",
        Operator.LESS: f"your answer to {question} is less than {answer}",
        Operator.AT_LEAST: f"your answer to {question} is at least {answer}",
        Operator.AT_MOST: f"your answer to {question} is at most {answer}",
    }
    return words[condition.operator]


def condition_data(questionnaire: Questionnaire, item: Item) -> str:
    """The same for the script that hides what isn't asked: `[[name, operator, value, unit], ...]`; the server decides.

    Values are written as the browser's fields have them; `unit` is null but for quantities. The operator is `later` for
    moments, which a field has without their zone: such a question is shown until the server has seen the answer.
    """
    return json.dumps([_told(questionnaire.by_link_id[one.question].item, one) for one in item.conditions])


def _told(asked: Item, condition: Condition) -> list[str | None]:
    answer = condition.answer
    if isinstance(answer.key, Quantity):
        return [condition.question, str(condition.operator), format(answer.key.value, "f"), answer.key.unit]
    later = answer.kind is Kind.DATE_TIME
    return [condition.question, "later" if later else str(condition.operator), _token(asked, condition), None]


def _token(asked: Item, condition: Condition) -> str:
    for option in asked.options:
        if same(option.value, condition.answer):
            return option.token
    key, said = condition.answer.key, spoken(condition.answer)
    if condition.answer.kind is Kind.TIME and said.count(":") == 2:
        said = said.removesuffix(":00")
    return said.lower() if isinstance(key, bool) else said
