"""Questionnaires as pages show them: what was answered, how far one has come, which questions depend on others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.questionnaire import Item, ItemType, Questionnaire, flat_items
from domain.questionnaire_forms import form_values
from domain.questionnaire_items import OTHER_SUFFIX, Condition, Operator
from domain.questionnaire_values import same

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A heading (`answers` is None) or a question with what was answered."""

    text: str
    depth: int
    answers: list[str] | None


@dataclass(frozen=True, kw_only=True)
class Progress:
    answered: int
    total: int


def answers_shown(questionnaire: Questionnaire, response: Mapping[str, Any] | None) -> list[Shown]:
    """Headings and answered questions, in order; what wasn't answered is left out."""
    values = form_values(questionnaire, response or {})
    shown: list[Shown] = []
    for one in flat_items(questionnaire):
        item = one.item
        if item.type is ItemType.GROUP:
            while shown and shown[-1].answers is None and shown[-1].depth >= one.depth:
                shown.pop()  # a heading with nothing below it
            shown.append(Shown(text=item.text, depth=one.depth, answers=None))
        elif item.is_question:
            answers = [_spoken(item, value) for value in values.get(item.link_id, ())]
            answers += values.get(item.link_id + OTHER_SUFFIX, ())
            if answers:
                shown.append(Shown(text=item.text, depth=one.depth, answers=answers))
    while shown and shown[-1].answers is None:
        shown.pop()
    return shown


def _spoken(item: Item, value: str) -> str:
    option = item.option(value)
    if option is not None:
        return option.label
    if item.type is ItemType.BOOLEAN:
        return "Yes" if value == "true" else "No"
    if item.type is ItemType.DATE and len(value) == 10:
        day = date.fromisoformat(value)
        return f"{day:%B} {day.day}, {day.year}"
    return value


def progress(questionnaire: Questionnaire, values: Values) -> Progress:
    """Of the questions that everybody is asked."""
    asked = [one.item for one in flat_items(questionnaire) if one.item.is_question and not one.item.conditions]
    asked = [item for item in asked if not item.read_only]
    answered = [item for item in asked if any(text.strip() for text in _given(item, values))]
    return Progress(answered=len(answered), total=len(asked))


def _given(item: Item, values: Values) -> list[str]:
    return [*values.get(item.link_id, ()), *values.get(item.link_id + OTHER_SUFFIX, ())]


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
    """The same for the script that hides what isn't asked: `[[name, operator, value], ...]`; the server decides."""
    rows = [
        [one.question, str(one.operator), _token(questionnaire.by_link_id[one.question].item, one)]
        for one in item.conditions
    ]
    return json.dumps(rows)


def _token(asked: Item, condition: Condition) -> str:
    for option in asked.options:
        if same(option.value, condition.answer):
            return option.token
    key = condition.answer.key
    return str(key).lower() if isinstance(key, bool) else str(condition.answer.raw)
