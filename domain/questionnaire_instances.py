"""Groups that repeat: laid out as one group per instance, so that all else asks and checks them like other items.

The first instance keeps the linkIds of the document, what stands in the n-th is called `<linkId>--<n>`. A response
carries one item per instance, each with the group's linkId: https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.errors import FieldError
from domain.questionnaire_items import INSTANCES_SUFFIX, OTHER_SUFFIX, UNIT_SUFFIX, Instance, Item, Questionnaire

USUAL_MOST = 20
MOST_INSTANCES = 100
MOST_PLACES = 3000

Counts = Mapping[str, int]
Form = Mapping[str, Sequence[str]]
Typed = Mapping[str, list[str]]

_SUFFIXES = ("", OTHER_SUFFIX, UNIT_SUFFIX)
_OF_AN_INSTANCE = re.compile(r"(.+)--[0-9]+(--other|--unit)?", re.ASCII | re.DOTALL)


def most_instances(group: Item) -> int:
    most = group.limits.max_answers
    return USUAL_MOST if most is None else min(max(most, 1), MOST_INSTANCES)


def wrong_repeating(questionnaire: Questionnaire) -> list[FieldError]:
    """What about the groups that repeat can't be asked here."""
    around = questionnaire.group_around
    errors: list[FieldError] = []
    for one in questionnaire.flat:
        item, within = one.item, one.parent and around.get(one.parent.link_id)
        found = _OF_AN_INSTANCE.fullmatch(item.link_id)
        if found and found[1] in around:
            errors.append(FieldError(field=item.link_id, message=f"is used for the instances of {found[1]}"))
        if item.is_repeating_group and within:
            message = "is a group that repeats within another one, which isn't supported"
            errors.append(FieldError(field=item.link_id, message=message))
        elif item.is_repeating_group and (item.limits.min_answers or 0) > most_instances(item):
            errors.append(FieldError(field=item.link_id, message="has to be filled in more often than it may be"))
    groups = [one.item for one in questionnaire.flat if one.item.is_repeating_group]
    places = sum(most_instances(group) * sum(within is group for within in around.values()) for group in groups)
    if not errors and places > MOST_PLACES:
        message = f"would ask more than {MOST_PLACES} questions, repeated as often as they may be"
        errors.append(FieldError(field=groups[0].link_id, message=message))
    return errors


def laid_out(questionnaire: Questionnaire, counts: Counts) -> Questionnaire:
    """The questionnaire with so many instances of each repeating group, by its linkId; one where it isn't named."""
    if not questionnaire.group_around:
        return questionnaire
    return replace(questionnaire, items=tuple(_spread(questionnaire.items, counts)))


def counts_of_response(questionnaire: Questionnaire, response: object) -> dict[str, int]:
    counts: dict[str, int] = {}
    if questionnaire.group_around and isinstance(response, Mapping):
        _count(questionnaire.items, response.get("item"), counts)
    return counts


def counts_of_form(questionnaire: Questionnaire, form: Form) -> dict[str, int]:
    return {
        one.item.link_id: count_in(form, one.item)
        for one in questionnaire.flat
        if one.item.is_repeating_group and one.item.instance is None
    }


def blank_instances(questionnaire: Questionnaire, values: Mapping[str, Sequence[object]]) -> frozenset[str]:
    """What stands in instances in which nobody has answered anything: they count as not given."""
    around = questionnaire.group_around
    said = {
        around[one.item.link_id].link_id
        for one in questionnaire.flat
        if one.item.link_id in around and not one.item.is_fixed and values.get(one.item.link_id)
    }
    return frozenset(link_id for link_id, group in around.items() if group.link_id not in said)


def without_one(questionnaire: Questionnaire, form: Typed, group: str, number: int) -> dict[str, list[str]]:
    """The form without the group's n-th instance: those behind it move up, and one is there in any case."""
    item = questionnaire.by_link_id[group].item
    count = count_in(form, item)
    changed = dict(form)
    if not 1 <= number <= count:
        return changed
    for place in range(number, count + 1):
        following = fields_of(questionnaire, group, place + 1) if place < count else ()
        for name in fields_of(questionnaire, group, place):
            changed.pop(name, None)
        for name, moved in zip(fields_of(questionnaire, group, place), following, strict=False):
            if moved in form:
                changed[name] = form[moved]
    return changed | {group + INSTANCES_SUFFIX: [str(max(count - 1, 1))]}


def answered_in(questionnaire: Questionnaire, form: Form, group: str, number: int) -> bool:
    """Whether anybody has typed or chosen something in the group's n-th instance."""
    around, by_link_id = questionnaire.group_around, questionnaire.by_link_id
    inside = [one for one, within in around.items() if within.link_id == group and not by_link_id[one].item.is_fixed]
    names = [placed(one, number) + suffix for one in inside for suffix in ("", OTHER_SUFFIX)]
    return any(text.strip() for name in names for text in form.get(name, ()))


def count_in(form: Form, group: Item) -> int:
    text = next(iter(form.get(group.link_id + INSTANCES_SUFFIX, ())), "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    return min(max(number, 1), most_instances(group))


def fields_of(questionnaire: Questionnaire, group: str, number: int) -> list[str]:
    """The names of the fields in the group's n-th instance, whether or not a form has them."""
    inside = [link_id for link_id, around in questionnaire.group_around.items() if around.link_id == group != link_id]
    return [placed(link_id, number) + suffix for link_id in inside for suffix in _SUFFIXES]


def placed(link_id: str, number: int) -> str:
    """What is called so in the document, in the n-th instance of the group that it is or stands in."""
    return link_id if number == 1 else f"{link_id}--{number}"


def _spread(items: tuple[Item, ...], counts: Counts) -> Iterator[Item]:
    for item in items:
        if not item.is_repeating_group or item.instance is not None:
            yield replace(item, items=tuple(_spread(item.items, counts)))
            continue
        of = min(max(counts.get(item.link_id, 1), 1), most_instances(item))
        inside = frozenset(_link_ids(item.items))
        for number in range(1, of + 1):
            instance = Instance(number=number, of=of, link_id=item.link_id, text=item.text)
            text = _numbered(item.text, number) if of > 1 else item.text
            yield replace(_renamed(item, number, inside), text=text, instance=instance)


def _numbered(text: str, number: int) -> str:
    """What an instance is called among several: "Medication 2"."""
    return f"{text.rstrip(' .:?!') or 'Entry'} {number}"


def _link_ids(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        yield item.link_id
        yield from _link_ids(item.items)


def _renamed(item: Item, number: int, inside: Collection[str]) -> Item:
    if number == 1:
        return item
    conditions = tuple(
        replace(one, question=placed(one.question, number)) if one.question in inside else one
        for one in item.conditions
    )
    return replace(
        item,
        link_id=placed(item.link_id, number),
        origin=item.link_id,
        conditions=conditions,
        items=tuple(_renamed(inner, number, inside) for inner in item.items),
    )


def _count(items: tuple[Item, ...], entries: object, counts: dict[str, int]) -> None:
    for item, entry in pairs(items, entries):
        if item is not None and item.is_repeating_group:
            counts[item.link_id] = counts.get(item.link_id, 0) + 1
        elif item is not None:
            for inner in _inner(entry):
                _count(item.items, inner, counts)


def pairs(items: tuple[Item, ...], entries: object) -> Iterator[tuple[Item | None, Mapping[str, Any]]]:
    """The entries of a response that are objects, with the item that each is about."""
    known = {item.link_id: item for item in items}
    for entry in entries if isinstance(entries, list | tuple) else ():
        if isinstance(entry, Mapping):
            link_id = entry.get("linkId")
            yield known.get(link_id) if isinstance(link_id, str) else None, entry


def _inner(entry: Mapping[str, Any]) -> Iterator[object]:
    """What stands below an entry: its items, and those within its answers."""
    yield entry.get("item")
    answers = entry.get("answer")
    for answer in answers if isinstance(answers, list | tuple) else ():
        if isinstance(answer, Mapping):
            yield answer.get("item")
