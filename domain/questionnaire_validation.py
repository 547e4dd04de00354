"""Checking a FHIR R4 QuestionnaireResponse against its questionnaire, as the server does before it keeps anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from domain.errors import FieldError
from domain.patterns import LONGEST_MATCHED, matches
from domain.questionnaire_instances import blank_instances, counts_of_response, laid_out, most_instances
from domain.questionnaire_items import Condition, FlatItem, Item, ItemType, Operator, Questionnaire
from domain.questionnaire_values import NUMBERS, Kind, Quantity, Value, less, read_value, same
from domain.texts import shown_name

MOST_ERRORS = 100
MOST_ANSWERS = 500
UNANSWERED = "Please answer this question."

Values = Mapping[str, Sequence[Value]]


def check_response(
    questionnaire: Questionnaire, response: Mapping[str, object], *, partial: bool = False
) -> list[FieldError]:
    """What keeps the response from being accepted, by linkId; empty when it can be.

    A draft (`partial`) may leave required questions open; everything that is there has to be right all the same.
    """
    reading = read_response(questionnaire, response)
    questionnaire, errors = reading.questionnaire, list(reading.errors)
    wrong = {error.field for error in errors}
    asked = asked_items(questionnaire, reading.values)
    blank = blank_instances(questionnaire, reading.values)
    for one in questionnaire.flat:
        item, answers = one.item, reading.values.get(one.item.link_id, ())
        if item.link_id in wrong:
            continue
        if answers and not asked[item.link_id]:
            errors.append(FieldError(field=item.link_id, message="This isn't asked, given your other answers."))
        elif asked[item.link_id] and not item.hidden:
            message = _missing(item, reading.values) if not partial and item.link_id not in blank else None
            message = message or _wrong_number_of_instances(questionnaire, item, blank, partial=partial)
            message = message or _wrong_number(item, answers, partial=partial)
            if message:
                errors.append(FieldError(field=item.link_id, message=message))
    return errors[:MOST_ERRORS]


def asked_items(questionnaire: Questionnaire, values: Values) -> dict[str, bool]:
    """Which items are asked (by linkId): all their conditions hold, and those of what they are part of.

    The answer to a question that isn't itself asked counts for nothing.
    """
    asked: dict[str, bool] = {}
    in_force: dict[str, Sequence[Value]] = {}
    for one in questionnaire.in_order_of_conditions:
        link_id = one.item.link_id
        asked[link_id] = _within_asked(one, asked, in_force) and _conditions_hold(one.item, in_force)
        in_force[link_id] = values.get(link_id, ()) if asked[link_id] else ()
    return asked


@dataclass
class Reading:
    """The answers of a response by linkId, blank ones left out, and what is wrong with them one by one.

    The linkIds are those of `questionnaire`, in which each instance of a repeating group stands by itself.
    """

    questionnaire: Questionnaire
    values: dict[str, list[Value]] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)

    def refuse(self, name: str, message: str) -> None:
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(FieldError(field=name, message=message))


def read_response(questionnaire: Questionnaire, response: Mapping[str, object]) -> Reading:
    """The shape and each answer by itself: known questions, in their place, with values that they allow."""
    reading = Reading(laid_out(questionnaire, counts_of_response(questionnaire, response)))
    if not isinstance(response, Mapping) or response.get("resourceType") != "QuestionnaireResponse":
        reading.refuse("resourceType", "must be a QuestionnaireResponse")
        return reading
    _read_items(reading, reading.questionnaire.items, response.get("item"), "item")
    return reading


def check_value(item: Item, value: Value) -> None:
    """Whether one answer is allowed for the question. Raises ValueError with a sentence for the person."""
    if item.is_closed or (item.type is ItemType.OPEN_CHOICE and value.kind is not Kind.STRING):
        if not any(same(option.value, value) for option in item.options):
            raise ValueError("Please choose one of the answers.")
        return
    if isinstance(value.key, Quantity) and item.units and item.unit(value.key.unit) is None:
        raise ValueError("Please choose one of the units.")
    limits = item.limits
    if value.kind in NUMBERS and limits.max_length is not None and len(spoken(value)) > limits.max_length:
        raise ValueError(f"Please use at most {limits.max_length} characters.")
    if isinstance(value.raw, str):
        if limits.max_length is not None and len(value.raw) > limits.max_length:
            raise ValueError(f"Please use at most {limits.max_length} characters.")
        if limits.min_length is not None and len(value.raw) < limits.min_length:
            raise ValueError(f"Please use at least {limits.min_length} characters.")
        if limits.pattern is not None and not matches(limits.pattern, value.raw):
            long = len(value.raw) > LONGEST_MATCHED
            raise ValueError("Please answer more briefly." if long else "Please check how this is written.")
        if item.type is ItemType.STRING and len(value.raw.splitlines()) > 1:
            raise ValueError("Please answer in one line.")
    if limits.min_value is not None and less(value, as_bound(limits.min_value, value)):
        raise ValueError(f"Please give {spoken(limits.min_value)} or more.")
    if limits.max_value is not None and less(as_bound(limits.max_value, value), value):
        raise ValueError(f"Please give {spoken(limits.max_value)} or less.")
    if limits.max_decimal_places is not None and _decimal_places(value) > limits.max_decimal_places:
        raise ValueError(f"Please use at most {limits.max_decimal_places} decimal places.")


def _read_items(reading: Reading, items: tuple[Item, ...], entries: object, place: str) -> None:
    if entries is None:
        return
    if not isinstance(entries, list | tuple):
        reading.refuse(place, "must be a list of items")
        return
    known: dict[str, list[Item]] = {}
    for item in reversed(items):
        known.setdefault(item.document_link_id, []).append(item)
    names = {link_id: left[-1] for link_id, left in known.items()}
    for entry in entries:
        link_id = entry.get("linkId") if isinstance(entry, Mapping) else None
        if not isinstance(link_id, str):
            reading.refuse(place, "must be a list of items with a linkId each")
        elif link_id not in known:
            reading.refuse(shown_name(link_id), "This isn't part of the form here.")
        elif known[link_id]:
            _read_item(reading, known[link_id].pop(), entry)
        elif names[link_id].instance is not None:
            reading.refuse(names[link_id].link_id, f"Please give at most {most_instances(names[link_id])} of these.")
        else:
            reading.refuse(names[link_id].link_id, "This is answered in two places.")


def _read_item(reading: Reading, item: Item, entry: Mapping[str, Any]) -> None:
    if not set(entry) <= {"id", "extension", "linkId", "definition", "text", "answer", "item"}:
        reading.refuse(item.link_id, "This has a part that isn't known.")
    answers = entry.get("answer")
    if not item.is_question:
        if answers:
            reading.refuse(item.link_id, "This isn't a question.")
        _read_items(reading, item.items, entry.get("item"), item.link_id)
        return
    if entry.get("item"):
        reading.refuse(item.link_id, "What belongs to a question stands within its answer.")
    if answers is None:
        return
    if not isinstance(answers, list | tuple) or len(answers) > MOST_ANSWERS:
        reading.refuse(item.link_id, "The answers must be a list.")
        return
    if len(answers) > 1 and not item.repeats:
        reading.refuse(item.link_id, "Please give one answer only.")
        return
    try:
        values = [_read_answer(reading, item, answer) for answer in answers]
        if item.read_only:
            _check_unchanged(item, values)
    except ValueError as error:
        reading.refuse(item.link_id, str(error))
        return
    filled = [value for value in values if not value.is_blank]
    if filled:
        reading.values[item.link_id] = filled


def _read_answer(reading: Reading, item: Item, answer: object) -> Value:
    if not isinstance(answer, Mapping):
        raise ValueError("The answer must be an object.")
    found = [key for key in answer if key not in ("id", "extension", "item")]
    kinds = {f"value{kind}": kind for kind in item.kinds}
    if len(found) != 1 or found[0] not in kinds:
        expected = " or ".join(sorted(kinds))
        raise ValueError(f"The answer must have one value of its kind ({expected}).")
    value = read_value(kinds[found[0]], answer[found[0]])
    if not value.is_blank:
        check_value(item, value)
    _read_items(reading, item.items, answer.get("item"), item.link_id)
    return value


def _check_unchanged(item: Item, values: Sequence[Value]) -> None:
    same_number = len(values) == len(item.initial)
    if not same_number or not all(same(one, other) for one, other in zip(values, item.initial, strict=True)):
        raise ValueError("This can't be changed.")


def _within_asked(one: FlatItem, asked: Mapping[str, bool], in_force: Values) -> bool:
    if one.parent is None:
        return True
    # What belongs to a question is only asked once the question is answered; help below it is there before.
    answered = not one.parent.is_question or one.item.asks_nothing or bool(in_force[one.parent.link_id])
    return asked[one.parent.link_id] and answered


def _conditions_hold(item: Item, in_force: Values) -> bool:
    if not item.conditions:
        return True
    held = (_holds(condition, in_force[condition.question]) for condition in item.conditions)
    return any(held) if item.any_condition else all(held)


def _holds(condition: Condition, answers: Sequence[Value]) -> bool:
    """By https://hl7.org/fhir/R4/valueset-questionnaire-enable-operator.html: `!=` means that no answer is equal."""
    expected = condition.answer
    match condition.operator:
        case Operator.EXISTS:
            return bool(answers) == expected.key
        case Operator.EQUAL:
            return any(same(answer, expected) for answer in answers)
        case Operator.NOT_EQUAL:
            return not any(same(answer, expected) for answer in answers)
        case Operator.MORE:
            return any(less(expected, answer) for answer in answers)
        case Operator.LESS:
            return any(less(answer, expected) for answer in answers)
        case Operator.AT_LEAST:
            return any(less(expected, answer) or same(expected, answer) for answer in answers)
        case Operator.AT_MOST:
            return any(less(answer, expected) or same(expected, answer) for answer in answers)


def _wrong_number_of_instances(
    questionnaire: Questionnaire, item: Item, blank: frozenset[str], *, partial: bool
) -> str | None:
    if item.instance is None or item.instance.number > 1 or partial:
        return None
    every = (one.item for one in questionnaire.flat if one.item.instance is not None)
    of_these = [one for one in every if one.instance and one.instance.link_id == item.instance.link_id]
    given, least = sum(one.link_id not in blank for one in of_these), item.limits.min_answers or 0
    if item.required and given == 0:
        return "Please answer something here."
    return f"Please give at least {least} of these." if 0 < given < least else None


def _missing(item: Item, values: Values) -> str | None:
    if not item.required:
        return None
    if item.type is ItemType.GROUP:
        if item.instance is not None:
            return None  # as many as are needed: see _wrong_number_of_instances
        return None if _answered_within(item, values) else "Please answer something here."
    # Nobody could answer what is read-only; its initial value is put there by the form.
    if values.get(item.link_id) or (item.read_only and not item.initial):
        return None
    return UNANSWERED


def _answered_within(item: Item, values: Values) -> bool:
    return any(values.get(child.link_id) or _answered_within(child, values) for child in item.items)


def _wrong_number(item: Item, answers: Sequence[Value], *, partial: bool) -> str | None:
    least, most, count = item.limits.min_answers, item.limits.max_answers, len(answers)
    if most is not None and count > most:
        return f"Please give at most {most} answers."
    if least is not None and 0 < count < least and not partial:
        return f"Please give at least {least} answers."
    alone = next(
        (one for one in item.options if one.exclusive and any(same(one.value, value) for value in answers)), None
    )
    if alone is not None and count > 1:
        return f"“{alone.label}” can't be chosen together with other answers."
    return None


def as_bound(bound: Value, value: Value) -> Value:
    """A bound without a unit counts for the number of a quantity, whatever its unit."""
    if not isinstance(value.key, Quantity):
        return bound
    if isinstance(bound.key, Quantity):
        return bound
    assert isinstance(bound.key, Decimal)
    return replace(bound, kind=Kind.QUANTITY, key=Quantity(value=bound.key, unit=value.key.unit))


def spoken(value: Value) -> str:
    if isinstance(value.key, Quantity):
        unit = value.raw.get("unit", "") if isinstance(value.raw, Mapping) else ""
        return f"{value.key.value:f} {unit or value.key.unit}".strip()
    return str(value.raw)


def _decimal_places(value: Value) -> int:
    number = value.key.value if isinstance(value.key, Quantity) else value.key
    exponent = number.normalize().as_tuple().exponent if isinstance(number, Decimal) else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0
