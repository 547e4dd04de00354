"""Reading the elements of a questionnaire item: flags, texts, `value[x]`, and the extensions that limit an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import FieldError
from domain.patterns import check_pattern
from domain.questionnaire_items import KINDS, WRITTEN, ItemType, Limits, Unit
from domain.questionnaire_support import extensions, modifiers, unsupported
from domain.questionnaire_value_sets import codings_of
from domain.questionnaire_values import LONGEST_CODE, LONGEST_STRING, NUMBERS, ORDERED, Kind, Value, read_value
from domain.texts import check_printable

MOST_WARNINGS = 100
MOST_UNITS = 100
# FHIR's que-10: types whose answers have a length; that of yes or no is never too long.
_COUNTED = WRITTEN | {ItemType.INTEGER, ItemType.DECIMAL, ItemType.BOOLEAN}


class ElementReader:
    """Reads parts of a resource and gathers what is wrong with them and what has no effect here, by linkId."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.errors: list[FieldError] = []
        self.warnings: list[FieldError] = []

    def refuse(self, field: str, message: str) -> None:
        self.errors.append(FieldError(field=field, message=message))

    def warn(self, field: str, message: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(FieldError(field=field, message=message))

    def look_at_extensions(self, element: Mapping[str, Any], link_id: str) -> None:
        if modifiers(element):
            self.refuse(link_id, "has a modifierExtension, which isn't supported and may not be ignored")
        for grave, message in unsupported(element):
            if grave:
                self.refuse(link_id, message)
            else:
                self.warn(link_id, message)

    def elements(self, entries: object, name: str, link_id: str, most: int) -> list[Mapping[str, Any]]:
        """A list of objects, without those that aren't."""
        if entries is None:
            return []
        if not isinstance(entries, list | tuple) or not all(isinstance(entry, Mapping) for entry in entries):
            self.refuse(link_id, f"has an {name} that isn't a list of objects")
            return []
        if len(entries) > most:
            self.refuse(link_id, f"has more than {most} of {name}")
            return []
        return list(entries)

    def flag(self, entry: Mapping[str, Any], name: str, link_id: str) -> bool:
        value = entry.get(name, False)
        if not isinstance(value, bool):
            self.refuse(link_id, f"has a {name} that isn't true or false")
        return value is True

    def text(self, entry: Mapping[str, Any], name: str, link_id: str, longest: int) -> str:
        value = entry.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            self.refuse(link_id, f"has a {name} that isn't a text of at most {longest} characters")
            return ""
        try:
            check_printable(value, lines=True)
        except ValueError:
            self.refuse(link_id, f"has a {name} with characters that can't be printed")
        return value

    def wording(self, entry: Mapping[str, Any], link_id: str, longest: int) -> str:
        """The text of an item; for one without, what its first named code is called, as FHIR recommends."""
        codes = entry.get("code")
        called = [one.get("display") for one in codes if isinstance(one, Mapping)] if isinstance(codes, list) else []
        words = (one for one in called if isinstance(one, str) and one.strip() and one.isprintable())
        return self.text(entry, "text", link_id, longest) or next(words, "")[:LONGEST_CODE]

    def choice_of(self, entry: Mapping[str, Any], name: str, link_id: str) -> Value | None:
        """The one `name[x]` of an element (`valueCoding`, say)."""
        found = [
            key for key in entry if isinstance(key, str) and key.startswith(name) and key[len(name) :][:1].isupper()
        ]
        kind = found[0][len(name) :] if len(found) == 1 else ""
        if kind in ("Reference", "Attachment"):
            self.refuse(link_id, f"uses {name}{kind}, which isn't supported")
            return None
        if kind not in list(Kind):
            self.refuse(link_id, f"must have exactly one {name}[x] of a kind known here")
            return None
        try:
            return read_value(Kind(kind), entry[found[0]])
        except ValueError as error:
            self.refuse(link_id, f"has a {found[0]} that isn't right. {error}")
            return None

    def extension_value(self, element: Mapping[str, Any], *names: str) -> object:
        """The value of one of FHIR's own extensions, whatever its type; None where it isn't there."""
        found = extensions(element, *names)
        return next((found[0][key] for key in found[0] if key.startswith("value")), None) if found else None

    def control(self, entry: Mapping[str, Any]) -> str:
        """The code of the itemControl extension (`radio-button`, `help`, ...), or nothing."""
        concept = self.extension_value(entry, "questionnaire-itemControl")
        codings = concept.get("coding") if isinstance(concept, Mapping) else None
        first = codings[0] if isinstance(codings, list | tuple) and codings else None
        code = first.get("code") if isinstance(first, Mapping) else None
        return code if isinstance(code, str) and code.isprintable() and len(code) <= 100 else ""

    def limits(self, entry: Mapping[str, Any], link_id: str, kind: ItemType) -> Limits:
        max_length = self._count("maxLength", entry.get("maxLength"), link_id, LONGEST_STRING)
        if max_length is not None and kind not in _COUNTED:
            self.refuse(link_id, f"has a maxLength, which a question of type {kind} can't have")
        return Limits(
            max_length=max_length,
            min_length=self._counted(entry, "minLength", link_id),
            max_decimal_places=self._counted(entry, "maxDecimalPlaces", link_id),
            min_answers=self._counted(entry, "questionnaire-minOccurs", link_id),
            max_answers=self._counted(entry, "questionnaire-maxOccurs", link_id),
            min_value=self._bound(entry, "min", link_id, kind),
            max_value=self._bound(entry, "max", link_id, kind),
            pattern=self._pattern(entry, link_id, kind),
        )

    def units(self, entry: Mapping[str, Any], link_id: str, kind: ItemType) -> tuple[Unit, ...]:
        """The units that a quantity may have; none where any will do."""
        if kind is not ItemType.QUANTITY:
            return ()
        names = ("questionnaire-unitOption", "questionnaire-unit")
        named = [extensions(entry, name) for name in names]
        codings = [one.get("valueCoding") for one in (named[0] or named[1])]
        value_set = self.extension_value(entry, "questionnaire-unitValueSet")
        if value_set is not None:
            try:
                codings += codings_of(self.document, value_set, MOST_UNITS)
            except ValueError as error:
                self.refuse(link_id, f"has its units in a value set and {error}")
        units: dict[str, Unit] = {}
        for coding in codings:
            try:
                units |= {unit.token: unit for unit in [_unit(coding)]}
            except ValueError:
                self.refuse(link_id, "has a unit without a code or name")
        return tuple(units.values())

    def _counted(self, entry: Mapping[str, Any], name: str, link_id: str) -> int | None:
        return self._count(name, self.extension_value(entry, name), link_id, LONGEST_STRING)

    def _count(self, name: str, value: object, link_id: str, most: int) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.refuse(link_id, f"has a {name} that isn't a whole number")
            return None
        return min(value, most)

    def _bound(self, entry: Mapping[str, Any], which: str, link_id: str, kind: ItemType) -> Value | None:
        """`which` is min or max."""
        names = (f"{which}Value", f"sdc-questionnaire-{which}Quantity")
        found = extensions(entry, *names)
        if not found:
            return None
        bound = self.choice_of(found[0], "value", link_id)
        asked = KINDS.get(kind)
        if bound is None:
            return None
        numbers = NUMBERS | {Kind.QUANTITY} if asked is Kind.QUANTITY else NUMBERS
        if asked not in ORDERED or (bound.kind != asked and not {bound.kind, asked} <= numbers):
            self.refuse(link_id, f"has a {which}Value of another kind than its answers")
            return None
        return bound

    def _pattern(self, entry: Mapping[str, Any], link_id: str, kind: ItemType) -> str | None:
        pattern = self.extension_value(entry, "regex")
        if pattern is None:
            return None
        try:
            if not isinstance(pattern, str) or kind not in WRITTEN:
                raise ValueError("a regex on something that isn't answered in writing")
            check_pattern(pattern)
        except ValueError as error:
            self.refuse(link_id, f"has {error}, which isn't supported")
            return None
        return pattern


def _unit(coding: object) -> Unit:
    value = read_value(Kind.CODING, coding)
    assert isinstance(value.raw, Mapping)
    raw = {name: str(value.raw[name]) for name in ("system", "code", "display") if value.raw.get(name)}
    label = raw.get("display") or raw["code"]
    written = {"unit": label} | {name: raw[name] for name in ("system", "code") if name in raw}
    return Unit(coding=written, token=raw.get("code") or label, label=label)
