"""The codes of a ValueSet that a questionnaire contains, or of a small one that FHIR itself defines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_DEEPEST = 10

Codings = list[dict[str, str]]

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_GENDER = {"system": "http://hl7.org/fhir/administrative-gender"}
# Published forms name these without bringing them along: https://hl7.org/fhir/R4/terminologies-valuesets.html
_OF_FHIR: dict[str, Codings] = {
    "http://hl7.org/fhir/ValueSet/yesnodontknow": [
        {"system": f"{_TERMINOLOGY}v2-0136", "code": "Y", "display": "Yes"},
        {"system": f"{_TERMINOLOGY}v2-0136", "code": "N", "display": "No"},
        {"system": f"{_TERMINOLOGY}data-absent-reason", "code": "asked-unknown", "display": "Don't know"},
    ],
    "http://hl7.org/fhir/ValueSet/administrative-gender": [
        _GENDER | {"code": word.lower(), "display": word} for word in ("Male", "Female", "Other", "Unknown")
    ],
}


def codings_of(document: Mapping[str, Any], reference: object, most: int) -> Codings:
    """The codes that may be chosen, in order. Raises ValueError, saying what about it isn't supported."""
    if not isinstance(reference, str):
        raise ValueError("names no value set")
    value_set = _contained(document, "ValueSet", lambda one: reference in (f"#{one.get('id')}", one.get("url")))
    if value_set is None and reference.startswith("#"):
        raise ValueError("names a ValueSet that the questionnaire doesn't contain")
    if value_set is None and reference.partition("|")[0] in _OF_FHIR:
        return [dict(coding) for coding in _OF_FHIR[reference.partition("|")[0]]]
    if value_set is None:
        raise ValueError("names a value set kept elsewhere; list the answers as answerOption or contain the ValueSet")
    expansion, compose = value_set.get("expansion"), value_set.get("compose")
    if isinstance(expansion, Mapping) and expansion.get("contains"):
        codings = list(_expanded(expansion.get("contains"), _DEEPEST))
    elif isinstance(compose, Mapping):
        codings = list(_composed(document, compose))
    else:
        raise ValueError("names a ValueSet without any codes")
    unique = {(coding.get("system", ""), coding["code"]): coding for coding in reversed(codings)}
    if not unique or len(unique) > most:
        raise ValueError(f"names a ValueSet without codes or with more than {most}")
    return list(unique.values())[::-1]


def _contained(document: Mapping[str, Any], kind: str, fits: Any) -> Mapping[str, Any] | None:
    found = [one for one in _objects(document.get("contained")) if one.get("resourceType") == kind and fits(one)]
    return found[0] if found else None


def _expanded(entries: object, left: int) -> Iterator[dict[str, str]]:
    for entry in _objects(entries):
        if entry.get("code") and entry.get("abstract") is not True and entry.get("inactive") is not True:
            yield _coding(entry.get("system"), entry)
        if left:
            yield from _expanded(entry.get("contains"), left - 1)


def _composed(document: Mapping[str, Any], compose: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    excluded = set()
    for entry in _objects(compose.get("exclude")):
        excluded |= {(coding.get("system", ""), coding["code"]) for coding in _listed(document, entry)}
    for entry in _objects(compose.get("include")):
        for coding in _listed(document, entry):
            if (coding.get("system", ""), coding["code"]) not in excluded:
                yield coding


def _listed(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    if entry.get("filter") or entry.get("valueSet"):
        raise ValueError("names a ValueSet that is made by filters or of other value sets")
    system = entry.get("system")
    if entry.get("concept"):
        for concept in _objects(entry.get("concept")):
            yield _coding(system, concept)
        return
    whole = _contained(document, "CodeSystem", lambda one: isinstance(system, str) and one.get("url") == system)
    if whole is None:
        raise ValueError("names a ValueSet that takes in a whole code system kept elsewhere")
    yield from _concepts(system, whole.get("concept"), _DEEPEST)


def _concepts(system: object, entries: object, left: int) -> Iterator[dict[str, str]]:
    for concept in _objects(entries):
        yield _coding(system, concept)
        if left:
            yield from _concepts(system, concept.get("concept"), left - 1)


def _coding(system: object, concept: Mapping[str, Any]) -> dict[str, str]:
    parts = {"system": system, "code": concept.get("code"), "display": concept.get("display")}
    if not isinstance(parts["code"], str):
        raise ValueError("names a ValueSet with a code that isn't a text")
    return {name: part for name, part in parts.items() if isinstance(part, str) and part}


def _objects(entries: object) -> Sequence[Mapping[str, Any]]:
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list | tuple) else []
