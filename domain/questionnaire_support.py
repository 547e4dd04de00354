"""Which extensions of a questionnaire are understood, which are harmless, and which change what an answer means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from domain.texts import shown_name

EXTENSION = "http://hl7.org/fhir/StructureDefinition/"

# Read by questionnaire_limits and questionnaire.
_UNDERSTOOD = {
    *("minValue", "maxValue", "minLength", "maxDecimalPlaces", "regex", "questionnaire-minOccurs"),
    *("questionnaire-maxOccurs", "questionnaire-hidden", "questionnaire-itemControl", "questionnaire-optionExclusive"),
    *("questionnaire-unit", "questionnaire-unitOption", "questionnaire-unitValueSet"),
    *("sdc-questionnaire-minQuantity", "sdc-questionnaire-maxQuantity", "sdc-questionnaire-optionExclusive"),
}
# About looks, wording, scoring, search and where things come from: nobody's answer is right or wrong because of them.
_HARMLESS = {
    *("questionnaire-choiceOrientation", "questionnaire-displayCategory", "questionnaire-supportLink", "entryFormat"),
    *("questionnaire-optionPrefix", "questionnaire-sliderStepValue", "questionnaire-usageMode", "ordinalValue"),
    *("itemWeight", "translation", "rendering-markdown", "rendering-style", "rendering-styleSensitive"),
    *("rendering-xhtml", "originalText", "valueset-label", "valueset-conceptOrder", "designNote", "elementSource"),
    *("sdc-questionnaire-shortText", "sdc-questionnaire-collapsible", "sdc-questionnaire-width", "preferredContained"),
    *("sdc-questionnaire-itemMedia", "sdc-questionnaire-itemAnswerMedia", "sdc-questionnaire-openLabel"),
    *(
        "sdc-questionnaire-choiceColumn",
        "sdc-questionnaire-optionalDisplay",
        "sdc-questionnaire-preferredTerminologyServer",
    ),
    *(
        "sdc-questionnaire-observationLinkPeriod",
        "sdc-questionnaire-observation-link-period",
        "sdc-questionnaire-isSubject",
    ),
    *(
        "sdc-questionnaire-observationExtract",
        "sdc-questionnaire-observation-extract-category",
        "questionnaire-baseType",
    ),
    *("sdc-questionnaire-entryMode", "sdc-questionnaire-performerType", "questionnaire-fhirType", "questionnaire-unit"),
    *("cqf-library", "artifact-author", "artifact-versionAlgorithm", "structuredefinition-wg", "wg", "fmm"),
}
# Expressions that would fill something in, which nobody evaluates here: said at the import, and the answer is typed.
_LEFT_EMPTY = {
    "sdc-questionnaire-calculatedExpression": "isn't calculated here: it stays as it is filled in",
    "sdc-questionnaire-initialExpression": "isn't evaluated here: the answer starts empty",
}
# These change which answers are right; to ignore one would be to accept wrong answers.
_REFUSED = {
    "sdc-questionnaire-enableWhenExpression": "decides by an expression whether it is asked",
    "sdc-questionnaire-answerExpression": "finds its answers by an expression",
    "sdc-questionnaire-candidateExpression": "finds its answers by an expression",
    "sdc-questionnaire-answerOptionsToggleExpression": "changes its answers by an expression",
    "sdc-questionnaire-subQuestionnaire": "is replaced by another questionnaire",
    "questionnaire-referenceResource": "asks for a reference",
    "questionnaire-referenceProfile": "asks for a reference",
    "questionnaire-referenceFilter": "asks for a reference",
}
_CONSTRAINTS = {"questionnaire-constraint", "targetConstraint", "sdc-questionnaire-targetConstraint"}


def extensions(element: Mapping[str, Any], *names: str) -> list[Mapping[str, Any]]:
    """The extensions of an element in order; with names, FHIR's own of these names only."""
    entries = element.get("extension")
    if not isinstance(entries, list | tuple):
        return []
    found = [entry for entry in entries if isinstance(entry, Mapping) and isinstance(entry.get("url"), str)]
    return [entry for entry in found if not names or _name(entry) in names]


def unsupported(element: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    """For each extension that has no effect here: whether the form must be refused for it, and why."""
    for extension in extensions(element):
        name = _name(extension)
        if name in _REFUSED:
            yield True, f"uses the extension {name}, which isn't supported: it {_REFUSED[name]}"
        elif name in _CONSTRAINTS and _severity(extension) != "warning":
            yield True, f"uses the extension {name}, which isn't supported: it checks answers by an expression"
        elif name in _LEFT_EMPTY:
            yield False, f"uses the extension {name}, which {_LEFT_EMPTY[name]}"
        elif name not in _UNDERSTOOD and name not in _HARMLESS:
            yield False, f"uses the extension {shown_name(name)}, which is kept and has no effect here"


def modifiers(element: object) -> bool:
    """Whether anything within is changed by a modifierExtension, which FHIR forbids to ignore."""
    if isinstance(element, Mapping):
        return bool(element.get("modifierExtension")) or any(
            modifiers(value) for key, value in element.items() if key not in ("item", "contained")
        )
    return isinstance(element, list | tuple) and any(modifiers(value) for value in element)


def _name(extension: Mapping[str, Any]) -> str:
    return str(extension["url"]).rsplit("/", 1)[-1]


def _severity(extension: Mapping[str, Any]) -> object:
    return next((part.get("valueCode") for part in extensions(extension) if part["url"] == "severity"), None)
