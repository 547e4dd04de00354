"""Reading a FHIR R4 Questionnaire: what Portico understands of it, and by name what it doesn't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from domain.errors import FieldError, ValidationFailed
from domain.questionnaire_instances import MOST_INSTANCES, wrong_repeating
from domain.questionnaire_items import (
    CHOICES,
    INSTANCES_SUFFIX,
    KINDS,
    LISTED,
    OTHER_SUFFIX,
    UNIT_SUFFIX,
    Condition,
    FlatItem,
    Item,
    ItemType,
    Operator,
    Option,
    Questionnaire,
    flat_items,
)
from domain.questionnaire_limits import ElementReader
from domain.questionnaire_value_sets import codings_of
from domain.questionnaire_values import NUMBERS, ORDERED, Kind, Value, same
from domain.texts import shown_name

__all__ = ["FlatItem", "Item", "ItemType", "Option", "Questionnaire", "flat_items", "parse_questionnaire"]

DEEPEST = 10
MOST_ITEMS = 500
MOST_OPTIONS = 500
MOST_CONDITIONS = 50
LONGEST_TEXT = 10_000
LONGEST_LINK_ID = 255

_NOT_SUPPORTED = {"reference", "attachment", "question"}
_UNTITLED = "Untitled form"
_EXCLUSIVE = ("questionnaire-optionExclusive", "sdc-questionnaire-optionExclusive")


def parse_questionnaire(document: Mapping[str, object]) -> Questionnaire:
    """Read a Questionnaire resource (https://hl7.org/fhir/R4/questionnaire.html).

    Raises ValidationFailed naming each linkId (or, without one, the path) and what about it is wrong or not supported.
    """
    if not isinstance(document, Mapping) or document.get("resourceType") != "Questionnaire":
        raise ValidationFailed.of("resourceType", "must be a Questionnaire")
    parser = _Parser(document)
    parser.look_at_extensions({key: value for key, value in document.items() if key != "item"}, "Questionnaire")
    if document.get("implicitRules"):
        parser.refuse("implicitRules", "names rules kept elsewhere, which isn't supported and may not be ignored")
    title = document.get("title") or document.get("name") or _UNTITLED
    if not isinstance(title, str) or not title.strip() or len(title) > LONGEST_TEXT:
        parser.refuse("title", "can't be empty")
    items = parser.items(document.get("item"), "item", 1)
    if not items and not parser.errors:
        parser.refuse("item", "must hold at least one question")
    if parser.errors:
        raise ValidationFailed(parser.errors[:100])
    questionnaire = Questionnaire(document=document, title=str(title), items=items, warnings=tuple(parser.warnings))
    errors = wrong_repeating(questionnaire) or _wrong_conditions(questionnaire)
    if errors:
        raise ValidationFailed(errors[:100])
    return questionnaire


class _Parser(ElementReader):
    """Reads the tree and gathers what is wrong with it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(document)
        self._names: set[str] = set()

    def items(self, entries: object, path: str, depth: int) -> tuple[Item, ...]:
        if entries is None:
            return ()
        if not isinstance(entries, list | tuple):
            self.refuse(path, "must be a list")
            return ()
        if depth > DEEPEST:
            self.refuse(path, f"is nested more than {DEEPEST} levels deep")
            return ()
        read = []
        for index, entry in enumerate(entries):
            if len(self._names) > 2 * MOST_ITEMS:
                break
            item = self._item(entry, f"{path}[{index}]", depth)
            if item is not None:
                read.append(item)
        return tuple(read)

    def _item(self, entry: object, path: str, depth: int) -> Item | None:
        if not isinstance(entry, Mapping):
            self.refuse(path, "must be an object")
            return None
        link_id = self._link_id(entry, path)
        if link_id is None:
            return None
        kind = entry.get("type")
        if not isinstance(kind, str) or kind not in list(ItemType):
            known = isinstance(kind, str) and kind in _NOT_SUPPORTED
            self.refuse(
                link_id, f"has type {kind}, which isn't supported" if known else "has a type unknown to FHIR R4"
            )
            return None
        self.look_at_extensions(entry, link_id)
        item = self._read(entry, link_id, ItemType(kind), self.items(entry.get("item"), f"{path}.item", depth + 1))
        if item.type is ItemType.DISPLAY and (item.required or item.repeats):
            # Against FHIR's que-6, and in published forms all the same.
            self.warn(link_id, "is for display only: required and repeats have no effect")
            item = replace(item, required=False, repeats=False)
        elif item.is_repeating_group and item.asks_nothing:
            self.warn(link_id, "asks nothing: that it repeats has no effect")
            item = replace(item, repeats=False)
        self._check_shape(item, entry)
        return item

    def _read(self, entry: Mapping[str, Any], link_id: str, kind: ItemType, items: tuple[Item, ...]) -> Item:
        options = self._options(entry, link_id, kind)
        return Item(
            link_id=link_id,
            type=kind,
            text=self.wording(entry, link_id, LONGEST_TEXT),
            prefix=self.text(entry, "prefix", link_id, 100),
            required=self.flag(entry, "required", link_id),
            repeats=self.flag(entry, "repeats", link_id),
            read_only=self.flag(entry, "readOnly", link_id),
            hidden=self.extension_value(entry, "questionnaire-hidden") is True,
            control=self.control(entry),
            limits=self.limits(entry, link_id, kind),
            options=options,
            units=self.units(entry, link_id, kind),
            initial=self._initial(entry.get("initial"), link_id, options),
            conditions=self._conditions(entry.get("enableWhen"), link_id),
            any_condition=entry.get("enableBehavior") == "any",
            items=items,
        )

    def _link_id(self, entry: Mapping[str, Any], path: str) -> str | None:
        link_id = entry.get("linkId")
        if not isinstance(link_id, str) or not link_id.strip() or not len(link_id) <= LONGEST_LINK_ID:
            self.refuse(f"{path}.linkId", f"must be a text of at most {LONGEST_LINK_ID} characters")
            return None
        if shown_name(link_id, LONGEST_LINK_ID) != link_id or not link_id.isprintable():
            self.refuse(f"{path}.linkId", "has characters that can't be printed")
            return None
        second = {str(ItemType.OPEN_CHOICE): OTHER_SUFFIX, str(ItemType.QUANTITY): UNIT_SUFFIX}
        second |= {str(ItemType.GROUP): INSTANCES_SUFFIX} if entry.get("repeats") is True else {}
        names = {link_id} | {link_id + suffix for kind, suffix in second.items() if entry.get("type") == kind}
        if names & self._names:
            self.refuse(link_id, "is used more than once")
        self._names |= names
        if len(self._names) == MOST_ITEMS + 1:
            self.refuse("item", f"has more than {MOST_ITEMS} items")
        return link_id

    def _check_shape(self, item: Item, entry: Mapping[str, Any]) -> None:
        """The invariants of the resource, and the shape that can't be asked here yet."""
        if item.type is ItemType.DISPLAY and not item.asks_nothing:
            self.refuse(item.link_id, "is for display only: it asks nothing")
        most = item.limits.max_answers
        if item.is_repeating_group and most is not None and most > MOST_INSTANCES:
            self.warn(item.link_id, f"may be filled in {most} times; here it is {MOST_INSTANCES} times at most")
        if item.is_question and item.repeats and not all(inner.asks_nothing for inner in item.items):
            self.refuse(item.link_id, "repeats and has items of its own, which isn't supported together")
        if item.type is ItemType.CHOICE and not item.options and "answerValueSet" not in entry:
            self.refuse(item.link_id, "is a choice without any answerOption")
        if any(value.kind not in item.kinds for value in item.initial):
            self.refuse(item.link_id, "has an initial value that can't answer it")
        behaviour = entry.get("enableBehavior")
        if behaviour not in (None, "any", "all") or (behaviour is None and len(item.conditions) > 1):
            self.refuse(item.link_id, "needs an enableBehavior of any or all")

    def _options(self, entry: Mapping[str, Any], link_id: str, kind: ItemType) -> tuple[Option, ...]:
        elements = self.elements(entry.get("answerOption"), "answerOption", link_id, MOST_OPTIONS)
        if "answerValueSet" in entry:
            elements = self._from_value_set(entry, link_id, kind)
        options: dict[str, Option] = {}
        for element in elements:
            self.look_at_extensions(element, link_id)
            value = self.choice_of(element, "value", link_id)
            if value is None:
                continue
            coding: Mapping[str, Any] = value.raw if isinstance(value.raw, Mapping) else {}
            token = str(coding.get("code") or coding.get("display") or value.raw)
            if any(same(option.value, value) for option in options.values()):
                self.refuse(link_id, "offers the same answer twice")
            elif token in options:
                token = f"{coding.get('system')}|{token}"
            options[token] = Option(
                value=value,
                token=token,
                label=str(coding.get("display") or coding.get("code") or value.raw),
                selected=element.get("initialSelected") is True,
                exclusive=self.extension_value(element, *_EXCLUSIVE) is True,
            )
        if options and kind not in CHOICES and kind not in LISTED:
            self.refuse(link_id, f"has answerOption, which a question of type {kind} can't have")
        if kind in LISTED and any(option.value.kind is not KINDS[kind] for option in options.values()):
            self.refuse(link_id, "has an answerOption of another kind than its answers")
        return tuple(options.values())

    def _from_value_set(self, entry: Mapping[str, Any], link_id: str, kind: ItemType) -> list[Mapping[str, Any]]:
        if entry.get("answerOption") or kind not in CHOICES:
            self.refuse(link_id, "has an answerValueSet beside answerOption, or isn't a choice")
        try:
            codings = codings_of(self.document, entry["answerValueSet"], MOST_OPTIONS)
        except ValueError as error:
            self.refuse(link_id, f"uses answerValueSet and {error}")
            return []
        return [{"valueCoding": coding} for coding in codings]

    def _initial(self, entries: object, link_id: str, options: tuple[Option, ...]) -> tuple[Value, ...]:
        elements = self.elements(entries, "initial", link_id, MOST_OPTIONS)
        # LHC-Forms names the unit to begin with so.
        units = [entry for entry in elements if _names_a_unit_only(entry.get("valueQuantity"))]
        if units:
            elements = [entry for entry in elements if entry not in units]
            self.warn(link_id, "has an initial quantity without a number, which fills nothing in here")
        values = [self.choice_of(entry, "value", link_id) for entry in elements]
        return tuple(value for value in values if value) or tuple(option.value for option in options if option.selected)

    def _conditions(self, entries: object, link_id: str) -> tuple[Condition, ...]:
        conditions = []
        for entry in self.elements(entries, "enableWhen", link_id, MOST_CONDITIONS):
            question, operator = entry.get("question"), entry.get("operator")
            answer = self.choice_of(entry, "answer", link_id)
            if not isinstance(question, str) or not isinstance(operator, str) or operator not in list(Operator):
                self.refuse(link_id, "has an enableWhen without a question or with an unknown operator")
            elif answer is not None:
                conditions.append(Condition(question=question, operator=Operator(operator), answer=answer))
        return tuple(conditions)


def _names_a_unit_only(quantity: object) -> bool:
    return isinstance(quantity, Mapping) and quantity.get("value") is None and bool(quantity)


def _wrong_conditions(questionnaire: Questionnaire) -> list[FieldError]:
    """Conditions on what isn't asked, that can never hold, or that go in a circle."""
    errors: list[FieldError] = []
    for one in questionnaire.flat:
        for condition in one.item.conditions:
            message = _wrong_condition(questionnaire, one.item, condition)
            if message:
                errors.append(FieldError(field=one.item.link_id, message=message))
    if not errors:
        reached = {one.item.link_id for one in questionnaire.in_order_of_conditions}
        circle = [one.item.link_id for one in questionnaire.flat if one.item.link_id not in reached]
        errors = [FieldError(field=link_id, message="has an enableWhen that goes in a circle") for link_id in circle]
    return errors


def _wrong_condition(questionnaire: Questionnaire, item: Item, condition: Condition) -> str | None:
    asked = questionnaire.by_link_id.get(condition.question)
    if asked is None or not asked.item.is_question:
        return "has an enableWhen on something that isn't a question of this form"
    if (asked.item.read_only or asked.item.hidden) and not asked.item.initial:
        return f"has an enableWhen on {asked.item.link_id}, which nobody can answer here"
    within = questionnaire.group_around.get(condition.question)
    if within is not None and (questionnaire.group_around.get(item.link_id) is not within or item is within):
        return f"has an enableWhen on {asked.item.link_id} in a group that repeats, which isn't supported from outside"
    kind = condition.answer.kind
    if condition.operator is Operator.EXISTS:
        return None if kind is Kind.BOOLEAN else "has an enableWhen with exists, which needs answerBoolean"
    if condition.operator not in (Operator.EQUAL, Operator.NOT_EQUAL) and kind not in ORDERED:
        return "has an enableWhen that orders values without an order"
    kinds = asked.item.kinds
    if kind in kinds or (kind in NUMBERS and kinds & NUMBERS):
        return None
    return "has an enableWhen that compares with another kind of answer"
