"""A second reading of FHIR's rules, on plain JSON, without a line of ours: `check_response` has to agree with it.

https://hl7.org/fhir/R4/questionnaire.html and https://hl7.org/fhir/R4/questionnaireresponse.html; it knows the types
and limits that the property tests make.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from datetime import time as clock
from typing import Any

Json = dict[str, Any]
Answer = tuple[str, Any]

_COMPARE = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
_VALUE_OF = {
    "boolean": "valueBoolean",
    "decimal": "valueDecimal",
    "integer": "valueInteger",
    "date": "valueDate",
    "dateTime": "valueDateTime",
    "time": "valueTime",
    "string": "valueString",
    "text": "valueString",
    "url": "valueUri",
    "quantity": "valueQuantity",
}


def items_of(items: list[Json], parent: Json | None = None) -> Iterator[tuple[Json, Json | None]]:
    for item in items:
        yield item, parent
        yield from items_of(item.get("item", []), item)


def _asks_nothing(item: Json) -> bool:
    return item["type"] in ("display", "group") and all(_asks_nothing(one) for one in item.get("item", []))


class Evaluator:
    """One questionnaire with one response to it."""

    def __init__(self, questionnaire: Json, response: Json) -> None:
        self.items = {item["linkId"]: (item, parent) for item, parent in items_of(questionnaire["item"])}
        self.answers: dict[str, list[Answer]] = {}
        self.misplaced = False
        self._gather(questionnaire["item"], response.get("item", []))

    def accepts(self) -> bool:
        return not self.misplaced and all(self._right(link_id) for link_id in self.items)

    def enabled(self, link_id: str) -> bool:
        item, parent = self.items[link_id]
        if parent is not None and not self.enabled(parent["linkId"]):
            return False
        question = parent is not None and parent["type"] not in ("group", "display") and parent["linkId"]
        if question and not _asks_nothing(item) and not self._in_force(question):
            return False
        conditions = [self._holds(one) for one in item.get("enableWhen", [])]
        if not conditions:
            return True
        return any(conditions) if item.get("enableBehavior") == "any" else all(conditions)

    def _gather(self, items: list[Json], entries: list[Json]) -> None:
        known = {item["linkId"]: item for item in items}
        for entry in entries:
            item = known.get(entry["linkId"])
            if item is None:
                self.misplaced = True
                continue
            for answer in entry.get("answer", []):
                [(kind, value)] = [(key, answer[key]) for key in answer if key.startswith("value")]
                if not (isinstance(value, str) and not value.strip()):
                    self.answers.setdefault(item["linkId"], []).append((kind, value))
                self._gather(item.get("item", []), answer.get("item", []))
            self._gather(item.get("item", []), entry.get("item", []))

    def _in_force(self, link_id: str) -> list[Answer]:
        return self.answers.get(link_id, []) if self.enabled(link_id) else []

    def _holds(self, condition: Json) -> bool:
        answers = [value for _, value in self._in_force(condition["question"])]
        sort, expected = condition["operator"], next(condition[key] for key in condition if key.startswith("answer"))
        if sort == "exists":
            return bool(answers) is expected
        if sort in ("=", "!="):
            return any(_equal(value, expected) for value in answers) is (sort == "=")
        return any(_ordered(value, expected, sort) for value in answers)

    def _right(self, link_id: str) -> bool:
        item, _ = self.items[link_id]
        answers = self.answers.get(link_id, [])
        if answers and (not self.enabled(link_id) or (len(answers) > 1 and not item.get("repeats"))):
            return False
        if item.get("required") and self.enabled(link_id):
            within = [inner["linkId"] for inner, _ in items_of([item])]
            if not any(self.answers.get(one) for one in (within if item["type"] == "group" else [link_id])):
                return False
        limits = {one["url"].rsplit("/", 1)[-1]: one for one in item.get("extension", [])}
        if answers and not _occurs(limits, len(answers)):
            return False
        return all(_allowed(item, limits, kind, value) for kind, value in answers)


def _occurs(limits: Mapping[str, Json], count: int) -> bool:
    least = limits.get("questionnaire-minOccurs", {}).get("valueInteger", 0)
    most = limits.get("questionnaire-maxOccurs", {}).get("valueInteger", 10**9)
    return bool(least <= count <= most)


def _allowed(item: Json, limits: Mapping[str, Json], kind: str, value: Any) -> bool:
    if item["type"] in ("choice", "open-choice"):
        if item["type"] == "open-choice" and kind == "valueString":
            return _written(item, limits, value)
        return any(kind in option and _equal(option[kind], value) for option in item["answerOption"])
    if kind != _VALUE_OF.get(item["type"]):
        return False
    if item["type"] == "string" and "\n" in value:
        return False
    if isinstance(value, str) and kind in ("valueString", "valueUri"):
        return _written(item, limits, value)
    return _within(limits, value)


def _written(item: Json, limits: Mapping[str, Json], value: str) -> bool:
    if not limits.get("minLength", {}).get("valueInteger", 0) <= len(value) <= item.get("maxLength", 10**9):
        return False
    pattern = limits.get("regex", {}).get("valueString")
    return pattern is None or re.fullmatch(pattern, value) is not None


def _within(limits: Mapping[str, Json], value: Any) -> bool:
    for name, sort in (("minValue", ">="), ("maxValue", "<=")):
        bound = [limits[name][key] for key in limits.get(name, {}) if key.startswith("value")]
        if bound and not _ordered(value, bound[0], sort):
            return False
    places = limits.get("maxDecimalPlaces", {}).get("valueInteger")
    return places is None or round(value, places) == value


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        if "value" in one and "value" in other:
            return bool(one["value"] == other["value"] and one.get("code") == other.get("code"))
        systems = {one.get("system"), other.get("system")} - {None}
        return one.get("code") == other.get("code") and len(systems) < 2
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(_comparable(one) == _comparable(other))


def _ordered(one: Any, other: Any, sort: str) -> bool:
    if isinstance(one, dict) or isinstance(other, dict):
        if not (isinstance(one, dict) and isinstance(other, dict)) or one.get("code") != other.get("code"):
            return False
        one, other = one["value"], other["value"]
    left, right = _comparable(one), _comparable(other)
    return isinstance(left, type(right)) and bool(_COMPARE[sort](left, right))


def _comparable(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return value
    for read in (date.fromisoformat, datetime.fromisoformat, clock.fromisoformat):
        try:
            return read(value)
        except ValueError:
            continue
    return value
