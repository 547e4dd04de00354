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


Place = tuple[str, int]
MOST_INSTANCES = 20


class Evaluator:
    """One questionnaire with one response to it.

    A place is a linkId and the instance of the repeating group around it, from 1; 0 where there is none. Instances in
    which nothing is answered count as not given.
    """

    def __init__(self, questionnaire: Json, response: Json) -> None:
        self.items = {item["linkId"]: (item, parent) for item, parent in items_of(questionnaire["item"])}
        self.answers: dict[Place, list[Answer]] = {}
        self.instances = {link_id: 0 for link_id in self.items if self._around(link_id) == link_id}
        self.misplaced = False
        self._gather(questionnaire["item"], response.get("item", []), 0)

    def accepts(self) -> bool:
        groups = all(self._often_enough(link_id) for link_id in self.instances)
        return not self.misplaced and groups and all(self._right(place) for place in self.places())

    def places(self) -> Iterator[Place]:
        for link_id in self.items:
            around = self._around(link_id)
            yield from ((link_id, n) for n in (range(1, max(self.instances[around], 1) + 1) if around else [0]))

    def enabled(self, place: Place) -> bool:
        link_id, number = place
        item, parent = self.items[link_id]
        if parent is not None:
            above = (parent["linkId"], 0 if link_id in self.instances else number)
            if not self.enabled(above):
                return False
            if parent["type"] not in ("group", "display") and not _asks_nothing(item) and not self._in_force(above):
                return False
        conditions = [self._holds(one, number) for one in item.get("enableWhen", [])]
        if not conditions:
            return True
        return any(conditions) if item.get("enableBehavior") == "any" else all(conditions)

    def _around(self, link_id: str) -> str | None:
        item, parent = self.items[link_id]
        if item["type"] == "group" and item.get("repeats") and not _asks_nothing(item):
            return link_id
        return self._around(parent["linkId"]) if parent is not None else None

    def _gather(self, items: list[Json], entries: list[Json], number: int) -> None:
        known = {item["linkId"]: item for item in items}
        for entry in entries:
            item = known.get(entry["linkId"])
            if item is None:
                self.misplaced = True
                continue
            here = number
            if item["linkId"] in self.instances:
                here = self.instances[item["linkId"]] = self.instances[item["linkId"]] + 1
            for answer in entry.get("answer", []):
                [(kind, value)] = [(key, answer[key]) for key in answer if key.startswith("value")]
                if not (isinstance(value, str) and not value.strip()):
                    self.answers.setdefault((item["linkId"], here), []).append((kind, value))
                self._gather(item.get("item", []), answer.get("item", []), here)
            self._gather(item.get("item", []), entry.get("item", []), here)

    def _in_force(self, place: Place) -> list[Answer]:
        return self.answers.get(place, []) if self.enabled(place) else []

    def _holds(self, condition: Json, number: int) -> bool:
        question = condition["question"]
        answers = [value for _, value in self._in_force((question, number if self._around(question) else 0))]
        sort, expected = condition["operator"], next(condition[key] for key in condition if key.startswith("answer"))
        if sort == "exists":
            return bool(answers) is expected
        if sort in ("=", "!="):
            return any(_equal(value, expected) for value in answers) is (sort == "=")
        return any(_ordered(value, expected, sort) for value in answers)

    def _answered_within(self, link_id: str, numbers: list[int] | None = None) -> bool:
        within = {inner["linkId"] for inner, _ in items_of([self.items[link_id][0]])}
        return any(one in within and (numbers is None or number in numbers) for one, number in self.answers)

    def _often_enough(self, link_id: str) -> bool:
        item, _ = self.items[link_id]
        count = self.instances[link_id]
        given = sum(self._answered_within(link_id, [number]) for number in range(1, count + 1))
        limits = {one["url"].rsplit("/", 1)[-1]: one for one in item.get("extension", [])}
        if count > min(limits.get("questionnaire-maxOccurs", {}).get("valueInteger", MOST_INSTANCES), MOST_INSTANCES):
            return False
        if not self.enabled((link_id, 1)):
            return True
        least = limits.get("questionnaire-minOccurs", {}).get("valueInteger", 0)
        return bool(given >= least if given else not item.get("required"))

    def _right(self, place: Place) -> bool:
        link_id, number = place
        item, _ = self.items[link_id]
        if link_id in self.instances:
            return True
        answers, around = self.answers.get(place, []), self._around(link_id)
        if answers and (not self.enabled(place) or (len(answers) > 1 and not item.get("repeats"))):
            return False
        given = around is None or self._answered_within(around, [number])
        if item.get("required") and given and self.enabled(place):
            numbers = [number] if around else None
            if not (self._answered_within(link_id, numbers) if item["type"] == "group" else answers):
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
