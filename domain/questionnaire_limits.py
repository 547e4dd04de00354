"""Reading the elements of a questionnaire item: flags, texts, `value[x]`, and the extensions that limit an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import FieldError
from domain.patterns import check_pattern
from domain.questionnaire_items import KINDS, WRITTEN, ItemType, Limits
from domain.questionnaire_values import LONGEST_STRING, NUMBERS, ORDERED, Kind, Value, read_value
from domain.texts import check_printable

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
# Extensions that change which answers are right; to ignore one would be to accept wrong answers.
_NOT_SUPPORTED = {
    "sdc-questionnaire-enableWhenExpression",
    "sdc-questionnaire-answerExpression",
    "sdc-questionnaire-candidateExpression",
    "questionnaire-constraint",
    "questionnaire-referenceResource",
}


class ElementReader:
    """Reads parts of a resource and gathers what is wrong with them, by linkId."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def refuse(self, field: str, message: str) -> None:
        self.errors.append(FieldError(field=field, message=message))

    def refuse_modifiers(self, element: Mapping[str, Any], link_id: str) -> None:
        """FHIR forbids to ignore a modifierExtension; some plain ones matter as much."""
        if element.get("modifierExtension"):
            self.refuse(link_id, "has a modifierExtension, which isn't supported")
        for url in _extensions(element):
            name = url.rsplit("/", 1)[-1]
            if name in _NOT_SUPPORTED:
                self.refuse(link_id, f"uses the extension {name}, which isn't supported")

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

    def choice_of(self, entry: Mapping[str, Any], name: str, link_id: str) -> Value | None:
        """The one `name[x]` of an element (`valueCoding`, say)."""
        found = [
            key for key in entry if isinstance(key, str) and key.startswith(name) and key[len(name) :][:1].isupper()
        ]
        kind = found[0][len(name) :] if len(found) == 1 else ""
        if kind in ("Quantity", "Reference", "Attachment"):
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

    def extension_value(self, element: Mapping[str, Any], name: str) -> object:
        """The value of one of FHIR's own extensions, whatever its type; None where it isn't there."""
        extension = _extensions(element).get(_EXTENSION + name, {})
        return next((extension[key] for key in extension if key.startswith("value")), None)

    def control(self, entry: Mapping[str, Any]) -> str:
        """The code of the itemControl extension (`radio-button`, `help`, ...), or nothing."""
        concept = self.extension_value(entry, "questionnaire-itemControl")
        codings = concept.get("coding") if isinstance(concept, Mapping) else None
        first = codings[0] if isinstance(codings, list | tuple) and codings else None
        code = first.get("code") if isinstance(first, Mapping) else None
        return code if isinstance(code, str) and code.isprintable() and len(code) <= 100 else ""

    def limits(self, entry: Mapping[str, Any], link_id: str, kind: ItemType) -> Limits:
        max_length = self._count("maxLength", entry.get("maxLength"), link_id, LONGEST_STRING)
        if max_length is not None and kind not in WRITTEN:
            self.refuse(link_id, "has a maxLength, which belongs to a question that is answered in writing")
        return Limits(
            max_length=max_length,
            min_length=self._counted(entry, "minLength", link_id),
            max_decimal_places=self._counted(entry, "maxDecimalPlaces", link_id),
            min_answers=self._counted(entry, "questionnaire-minOccurs", link_id),
            max_answers=self._counted(entry, "questionnaire-maxOccurs", link_id),
            min_value=self._bound(entry, "minValue", link_id, kind),
            max_value=self._bound(entry, "maxValue", link_id, kind),
            pattern=self._pattern(entry, link_id, kind),
        )

    def _counted(self, entry: Mapping[str, Any], name: str, link_id: str) -> int | None:
        return self._count(name, self.extension_value(entry, name), link_id, LONGEST_STRING)

    def _count(self, name: str, value: object, link_id: str, most: int) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.refuse(link_id, f"has a {name} that isn't a whole number")
            return None
        return min(value, most)

    def _bound(self, entry: Mapping[str, Any], name: str, link_id: str, kind: ItemType) -> Value | None:
        extension = _extensions(entry).get(_EXTENSION + name)
        if extension is None:
            return None
        bound = self.choice_of(extension, "value", link_id)
        asked = KINDS.get(kind)
        if bound is None:
            return None
        if asked not in ORDERED or (bound.kind != asked and not {bound.kind, asked} <= NUMBERS):
            self.refuse(link_id, f"has a {name} of another kind than its answers")
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


def _extensions(element: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    entries = element.get("extension")
    if not isinstance(entries, list | tuple):
        return {}
    return {
        entry["url"]: entry for entry in entries if isinstance(entry, Mapping) and isinstance(entry.get("url"), str)
    }
