"""A questionnaire as Portico understands it: the tree of FHIR R4 items, with what each asks and allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from domain.errors import FieldError
from domain.questionnaire_values import Kind, Value


class ItemType(StrEnum):
    GROUP = "group"
    DISPLAY = "display"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE = "date"
    DATE_TIME = "dateTime"
    TIME = "time"
    STRING = "string"
    TEXT = "text"
    URL = "url"
    CHOICE = "choice"
    OPEN_CHOICE = "open-choice"
    QUANTITY = "quantity"


class Operator(StrEnum):
    EXISTS = "exists"
    EQUAL = "="
    NOT_EQUAL = "!="
    MORE = ">"
    LESS = "<"
    AT_LEAST = ">="
    AT_MOST = "<="


KINDS = {
    ItemType.BOOLEAN: Kind.BOOLEAN,
    ItemType.DECIMAL: Kind.DECIMAL,
    ItemType.INTEGER: Kind.INTEGER,
    ItemType.DATE: Kind.DATE,
    ItemType.DATE_TIME: Kind.DATE_TIME,
    ItemType.TIME: Kind.TIME,
    ItemType.STRING: Kind.STRING,
    ItemType.TEXT: Kind.STRING,
    ItemType.URL: Kind.URI,
    ItemType.QUANTITY: Kind.QUANTITY,
}
# What the name gets in an HTML form for words of one's own, and for the unit (see questionnaire_forms).
OTHER_SUFFIX = "--other"
UNIT_SUFFIX = "--unit"
# The field that says how many instances of a repeating group a form shows.
INSTANCES_SUFFIX = "--instances"
CHOICES = frozenset({ItemType.CHOICE, ItemType.OPEN_CHOICE})
# Types that may list their permitted answers as well, as R5 has it and many R4 forms do.
LISTED = frozenset({ItemType.INTEGER, ItemType.DATE, ItemType.TIME, ItemType.STRING, ItemType.TEXT})
WRITTEN = frozenset({ItemType.STRING, ItemType.TEXT, ItemType.URL, ItemType.OPEN_CHOICE})


@dataclass(frozen=True, kw_only=True)
class Option:
    """One answer to choose; `token` is its value in an HTML form, and `selected` marks it as an initial one.

    An `exclusive` one ("none of these") can't be chosen beside others.
    """

    value: Value
    token: str
    label: str
    selected: bool = False
    exclusive: bool = False


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit that a quantity may have: as FHIR's Quantity writes it, and what it is called on a page."""

    coding: Mapping[str, str]
    token: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One `enableWhen`."""

    question: str
    operator: Operator
    answer: Value


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a single answer may be, and how many there may be."""

    max_length: int | None = None
    min_length: int | None = None
    min_value: Value | None = None
    max_value: Value | None = None
    max_decimal_places: int | None = None
    pattern: str | None = None
    min_answers: int | None = None
    max_answers: int | None = None


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Which instance of a repeating group (from 1) this is, of how many; `link_id` and `text` are the group's own."""

    number: int
    of: int
    link_id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item; `control` is the code of its itemControl extension, `any_condition` its enableBehavior.

    In a questionnaire whose repeating groups are laid out (see questionnaire_instances), `link_id` names the place in
    the form, `origin` the item of the document where that is another name, and a group of them has its `instance`.
    """

    link_id: str
    type: ItemType
    text: str = ""
    prefix: str = ""
    required: bool = False
    repeats: bool = False
    read_only: bool = False
    hidden: bool = False
    control: str = ""
    limits: Limits = Limits()
    options: tuple[Option, ...] = ()
    units: tuple[Unit, ...] = ()
    initial: tuple[Value, ...] = ()
    conditions: tuple[Condition, ...] = ()
    any_condition: bool = False
    items: tuple[Item, ...] = ()
    origin: str = ""
    instance: Instance | None = None

    @property
    def document_link_id(self) -> str:
        return self.origin or self.link_id

    @property
    def is_repeating_group(self) -> bool:
        return self.type is ItemType.GROUP and self.repeats

    @property
    def is_fixed(self) -> bool:
        """Whether nobody but the form answers it."""
        return self.read_only or self.hidden

    @property
    def is_question(self) -> bool:
        return self.type not in (ItemType.GROUP, ItemType.DISPLAY)

    @property
    def is_unanswerable(self) -> bool:
        """Nobody can answer it here: it would be calculated or filled in beforehand, which isn't done."""
        return self.is_question and self.read_only and not self.initial

    @property
    def is_closed(self) -> bool:
        """Whether only the listed answers count."""
        return self.type is ItemType.CHOICE or (self.type in LISTED and bool(self.options))

    @property
    def asks_nothing(self) -> bool:
        """A display, or a group of displays only: help and the like, which belongs to what it stands under."""
        return not self.is_question and all(inner.asks_nothing for inner in self.items)

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of value that can answer it."""
        kinds = {option.value.kind for option in self.options}
        if self.type is ItemType.OPEN_CHOICE:
            kinds.add(Kind.STRING)
        elif self.type in KINDS:
            kinds.add(KINDS[self.type])
        return frozenset(kinds)

    def option(self, token: str) -> Option | None:
        return next((option for option in self.options if option.token == token), None)

    def unit(self, token: str) -> Unit | None:
        return next((unit for unit in self.units if unit.token == token), None)


@dataclass(frozen=True, kw_only=True)
class FlatItem:
    """An item with its place in the tree: depth 0 at the top."""

    item: Item
    depth: int
    parent: Item | None


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """A parsed questionnaire; `document` is the JSON that it was read from, unchanged.

    `warnings` name what is kept in the document and has no effect here.
    """

    document: Mapping[str, Any]
    title: str
    items: tuple[Item, ...]
    warnings: tuple[FieldError, ...] = ()

    def as_document(self) -> dict[str, Any]:
        return dict(self.document)

    @property
    def canonical(self) -> str | None:
        """What a response names as its questionnaire: `url|version`."""
        url, version = self.document.get("url"), self.document.get("version")
        return (f"{url}|{version}" if version else url) if isinstance(url, str) else None

    @cached_property
    def flat(self) -> tuple[FlatItem, ...]:
        """Every item in the order of the document."""
        return tuple(_flatten(self.items, 0, None))

    @cached_property
    def by_link_id(self) -> dict[str, FlatItem]:
        return {one.item.link_id: one for one in self.flat}

    @cached_property
    def group_around(self) -> dict[str, Item]:
        """The repeating group that an item is or stands in, by linkId; what stands in none is left out."""
        found: dict[str, Item] = {}
        for one in self.flat:
            if one.item.is_repeating_group:
                found[one.item.link_id] = one.item
            elif one.parent is not None and one.parent.link_id in found:
                found[one.item.link_id] = found[one.parent.link_id]
        return found

    @cached_property
    def in_order_of_conditions(self) -> tuple[FlatItem, ...]:
        """Every item after its parent and after the questions that its conditions ask about.

        Shorter than `flat` where conditions go in a circle.
        """
        waits_for = {one.item.link_id: len(_asked_first(one)) for one in self.flat}
        followers: dict[str, list[str]] = {link_id: [] for link_id in waits_for}
        for one in self.flat:
            for question in _asked_first(one):
                followers[question].append(one.item.link_id)
        ordered = [link_id for link_id, count in waits_for.items() if count == 0]
        for link_id in ordered:  # grows as it goes
            for follower in followers[link_id]:
                waits_for[follower] -= 1
                if waits_for[follower] == 0:
                    ordered.append(follower)
        return tuple(self.by_link_id[link_id] for link_id in ordered)


def flat_items(questionnaire: Questionnaire) -> tuple[FlatItem, ...]:
    """Every item that is shown, in order, with its depth: what a page renders."""
    hidden: set[str] = set()
    for one in questionnaire.flat:
        if one.item.hidden or one.item.is_unanswerable or (one.parent is not None and one.parent.link_id in hidden):
            hidden.add(one.item.link_id)
    return tuple(one for one in questionnaire.flat if one.item.link_id not in hidden)


def _flatten(items: tuple[Item, ...], depth: int, parent: Item | None) -> Iterator[FlatItem]:
    for item in items:
        yield FlatItem(item=item, depth=depth, parent=parent)
        yield from _flatten(item.items, depth + 1, item)


def _asked_first(one: FlatItem) -> set[str]:
    return {condition.question for condition in one.item.conditions} | ({one.parent.link_id} if one.parent else set())
