"""Between a questionnaire's HTML form, which works without JavaScript, and a FHIR R4 QuestionnaireResponse."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from domain.errors import FieldError
from domain.questionnaire_instances import (
    Counts,
    Typed,
    count_in,
    counts_of_form,
    counts_of_response,
    fields_of,
    laid_out,
    most_instances,
)
from domain.questionnaire_items import (
    CHOICES,
    INSTANCES_SUFFIX,
    KINDS,
    OTHER_SUFFIX,
    UNIT_SUFFIX,
    Item,
    ItemType,
    Questionnaire,
)
from domain.questionnaire_validation import MOST_ANSWERS, asked_items, check_response, read_response
from domain.questionnaire_values import Kind, Quantity, Value, read_value, same

Form = Mapping[str, Sequence[str]]

_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}([.,][0-9]{1,15})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_LOCAL_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?", re.ASCII)
_SHORT_TIME = re.compile(r"[0-9]{2}:[0-9]{2}", re.ASCII)
_YES, _NO = ("true", "on", "yes"), ("false", "off", "no")


def response_from_form(
    questionnaire: Questionnaire, form: Form, zone: tzinfo = UTC
) -> tuple[dict[str, Any], list[FieldError]]:
    """The response (in progress) that the fields of a posted form make, and an error for each malformed one.

    A field's name is the linkId, its values the strings that a browser sends: options by their token, checkboxes for
    what repeats; an open choice has a second field `<linkId>--other` for words of one's own, a quantity a second field
    `<linkId>--unit`. Blank is unanswered. What
    isn't asked, given the other answers, is left out: without JavaScript it was visible. Read-only and hidden items
    have their initial values. `zone` is meant where a time has no offset. Names that aren't linkIds are ignored.

    `<linkId>--instances` says how many instances of a repeating group the form shows; in the n-th, the names are
    `<linkId>--<n>`. Blank ones keep their place in the draft; `without_blanks` leaves them out in the end.
    """
    questionnaire = laid_out(questionnaire, counts_of_form(questionnaire, form))
    values, errors = _read_form(questionnaire, form, zone)
    asked = asked_items(questionnaire, values)
    response = _response(questionnaire, values, asked)
    return response, [error for error in errors if _could_be_asked(questionnaire, error.field, asked)]


def check_form(
    questionnaire: Questionnaire, form: Form, *, partial: bool, zone: tzinfo = UTC
) -> tuple[dict[str, Any], list[FieldError]]:
    """The response of a posted form, and all that is wrong with it, one error per question."""
    response, malformed = response_from_form(questionnaire, form, zone)
    errors = {error.field: error for error in check_response(questionnaire, response, partial=partial)}
    return response, list((errors | {error.field: error for error in malformed}).values())


def draft_from_form(
    questionnaire: Questionnaire, form: Form, zone: tzinfo = UTC
) -> tuple[dict[str, Any], list[FieldError]]:
    """A draft that can be kept, of the answers that are right, and an error for each that is left out."""
    questionnaire, base = laid_out(questionnaire, counts_of_form(questionnaire, form)), questionnaire
    values, _ = _read_form(questionnaire, form, zone)
    _, errors = check_form(base, form, partial=True, zone=zone)
    response = _response(questionnaire, values, asked_items(questionnaire, values))
    # Without a wrong answer others may not be asked any more, so each round looks again.
    for _ in range(len(values) + 1):
        wrong = check_response(base, response, partial=True)
        if not wrong:
            break
        for error in wrong:
            values.pop(error.field, None)
        response = _response(questionnaire, values, asked_items(questionnaire, values))
    return response, errors


def form_values(
    questionnaire: Questionnaire,
    response: Mapping[str, object] | None,
    zone: tzinfo = UTC,
    at_least: Mapping[str, int] | None = None,
) -> dict[str, list[str]]:
    """What the fields of the form hold for a response, by field name; without one, the initial values.

    `at_least` asks for so many instances of repeating groups, by linkId.
    """
    there = counts_of_response(questionnaire, response)
    shown = _shown_instances(questionnaire, there, at_least or {})
    questionnaire, base = laid_out(questionnaire, shown), questionnaire
    if response is None:
        values: Mapping[str, Sequence[Value]] = {one.item.link_id: one.item.initial for one in questionnaire.flat}
    else:
        values = read_response(base, response).values
    fields: dict[str, list[str]] = {link_id + INSTANCES_SUFFIX: [str(count)] for link_id, count in shown.items()}
    for one in questionnaire.flat:
        for value in values.get(one.item.link_id, ()):
            if isinstance(value.key, Quantity):
                fields.setdefault(one.item.link_id + UNIT_SUFFIX, []).append(value.key.unit)
            option = next((option for option in one.item.options if same(option.value, value)), None)
            own_words = one.item.type is ItemType.OPEN_CHOICE and option is None
            name = one.item.link_id + (OTHER_SUFFIX if own_words else "")
            fields.setdefault(name, []).append(option.token if option else _as_typed(value, zone))
    return fields


def with_another(questionnaire: Questionnaire, form: Typed, group: str, zone: tzinfo = UTC) -> dict[str, list[str]]:
    """The form with one instance more of the group, unless there are as many as there may be."""
    item = questionnaire.by_link_id[group].item
    number = count_in(form, item) + 1
    if number > most_instances(item):
        return dict(form)
    fresh = form_values(questionnaire, None, zone, {group: number})
    new = {name: fresh.get(name, []) for name in fields_of(questionnaire, group, number)}
    return {**form, **{name: values for name, values in new.items() if values}, group + INSTANCES_SUFFIX: [str(number)]}


def _shown_instances(questionnaire: Questionnaire, there: Counts, at_least: Counts) -> dict[str, int]:
    return {
        one.item.link_id: min(
            max(1, one.item.limits.min_answers or 1, there.get(one.item.link_id, 1), at_least.get(one.item.link_id, 1)),
            most_instances(one.item),
        )
        for one in questionnaire.flat
        if one.item.is_repeating_group
    }


def _read_form(
    questionnaire: Questionnaire, form: Form, zone: tzinfo
) -> tuple[dict[str, list[Value]], list[FieldError]]:
    values: dict[str, list[Value]] = {}
    errors: list[FieldError] = []
    for one in questionnaire.flat:
        item = one.item
        if not item.is_question:
            continue
        try:
            values[item.link_id] = list(item.initial) if item.is_fixed else _values_of(item, form, zone)
        except ValueError as error:
            errors.append(FieldError(field=item.link_id, message=str(error)))
    return values, errors + _answers_in_the_air(questionnaire, values)


def _response(
    questionnaire: Questionnaire, values: Mapping[str, Sequence[Value]], asked: Mapping[str, bool]
) -> dict[str, Any]:
    response: dict[str, Any] = {"resourceType": "QuestionnaireResponse", "status": "in-progress"}
    if questionnaire.canonical:
        response["questionnaire"] = questionnaire.canonical
    entries = _entries(questionnaire.items, values, asked)
    if entries:
        response["item"] = entries
    return response


def _values_of(item: Item, form: Form, zone: tzinfo) -> list[Value]:
    if item.type is ItemType.QUANTITY:
        return _quantities(item, form)
    typed = [text for text in form.get(item.link_id, ()) if text.strip()][: MOST_ANSWERS + 1]
    if item.type is ItemType.BOOLEAN and not item.repeats:
        typed = typed[-1:]  # a checkbox after a hidden "false" sends both
    values = [_value_of(item, text, zone) for text in typed]
    if item.type is ItemType.OPEN_CHOICE:
        own_words = (text.strip() for text in form.get(item.link_id + OTHER_SUFFIX, ()))
        values += [read_value(Kind.STRING, text) for text in own_words if text]
        if len(values) > 1 and not item.repeats:
            raise ValueError("Please choose one of the answers or write your own, not both.")
    if len(values) > (MOST_ANSWERS if item.repeats else 1):
        raise ValueError("Please give one answer only." if not item.repeats else "Please give fewer answers.")
    return values


def _quantities(item: Item, form: Form) -> list[Value]:
    """Each number with the unit beside it; where one unit only is possible, it needn't be chosen."""
    numbers, units = form.get(item.link_id, ()), form.get(item.link_id + UNIT_SUFFIX, ())
    values = []
    for index, text in enumerate(numbers[: MOST_ANSWERS + 1]):
        if not text.strip():
            continue
        typed = units[index].strip() if index < len(units) else ""
        unit = item.unit(typed) or (item.units[0] if len(item.units) == 1 and not typed else None)
        if item.units and unit is None:
            raise ValueError("Please choose one of the units.")
        written = dict(unit.coding) if unit else ({"unit": typed} if typed else {})
        values.append(read_value(Kind.QUANTITY, {"value": _as_json(Kind.DECIMAL, text.strip(), UTC), **written}))
    if len(values) > (MOST_ANSWERS if item.repeats else 1):
        raise ValueError("Please give one answer only." if not item.repeats else "Please give fewer answers.")
    return values


def _value_of(item: Item, text: str, zone: tzinfo) -> Value:
    if item.type in CHOICES or item.options:
        option = item.option(text) or item.option(text.strip())
        if option is not None:
            return option.value
        if item.is_closed:
            raise ValueError("Please choose one of the answers.")
        return read_value(Kind.STRING, text.strip())
    kind = KINDS[item.type]
    return read_value(kind, _as_json(kind, text.strip().replace("\r\n", "\n"), zone))


def _as_json(kind: Kind, text: str, zone: tzinfo) -> object:
    """What a browser sends, as FHIR writes it; what can't be read is left for `read_value` to refuse."""
    match kind:
        case Kind.BOOLEAN if text.lower() in _YES + _NO:
            return text.lower() in _YES
        case Kind.INTEGER if _INTEGER.fullmatch(text):
            return int(text)
        case Kind.DECIMAL if _INTEGER.fullmatch(text):
            return int(text)
        case Kind.DECIMAL if _DECIMAL.fullmatch(text):
            return float(text.replace(",", "."))
        case Kind.TIME if _SHORT_TIME.fullmatch(text):
            return f"{text}:00"
        case Kind.DATE_TIME if _LOCAL_MOMENT.fullmatch(text):
            try:
                return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat(timespec="seconds")
            except ValueError:
                return text
    return text


def _as_typed(value: Value, zone: tzinfo) -> str:
    """The value as the browser's own field for it expects it."""
    if isinstance(value.key, Quantity):
        return format(value.key.value, "f")
    match value.kind:
        case Kind.BOOLEAN:
            return "true" if value.key else "false"
        case Kind.INTEGER | Kind.DECIMAL:
            return format(value.key, "f")
        case Kind.TIME:
            return str(value.raw).removesuffix(":00") if str(value.raw).count(":") == 2 else str(value.raw)
        case Kind.DATE_TIME:
            return _local(value.key, zone) if "T" in str(value.raw) else str(value.raw)
    return str(value.raw)


def _local(moment: object, zone: tzinfo) -> str:
    """A browser's field knows no offset: the moment as clocks show it in the zone."""
    assert isinstance(moment, datetime)
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0).isoformat().removesuffix(":00")


def _answers_in_the_air(questionnaire: Questionnaire, values: Mapping[str, Sequence[Value]]) -> list[FieldError]:
    """Answers that belong to a question which wasn't answered: they have no place in a response."""
    errors = []
    for one in questionnaire.flat:
        parent = one.parent
        if parent is None or not parent.is_question or not values.get(one.item.link_id):
            continue
        if parent.link_id in values and not values[parent.link_id]:  # a malformed one has its own error
            message = f"Please answer “{parent.text or parent.link_id}” too, or leave this empty."
            errors.append(FieldError(field=one.item.link_id, message=message))
    return errors


def _could_be_asked(questionnaire: Questionnaire, link_id: str, asked: Mapping[str, bool]) -> bool:
    """Whether an error there concerns the person; not where other answers keep the question from being asked."""
    parent = questionnaire.by_link_id[link_id].parent
    return asked[link_id] or (parent is not None and parent.is_question and asked[parent.link_id])


def _entries(
    items: tuple[Item, ...], values: Mapping[str, Sequence[Value]], asked: Mapping[str, bool]
) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for item in items:
        if not asked[item.link_id]:
            continue
        inner = _entries(item.items, values, asked)
        if not item.is_question:
            if inner:
                entries.append({"linkId": item.document_link_id, "item": inner})
            elif item.instance is not None and item.instance.of > 1:
                entries.append({"linkId": item.document_link_id})
            continue
        answers = [{f"value{value.kind}": value.raw} for value in values.get(item.link_id, ())]
        if answers:
            # A question with items of its own has one answer: see what is refused when a questionnaire is read.
            entries.append(
                {"linkId": item.document_link_id, "answer": [answers[0] | {"item": inner}] if inner else answers}
            )
    return entries
