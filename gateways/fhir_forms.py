"""FHIR at the edge: a Questionnaire is checked against the resource's own definition before Portico reads it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from domain.errors import FieldError, ValidationFailed
from domain.texts import shown_name

_MOST_ERRORS = 100
_ASIDE = {"extension", "text", "contained", "meta"}


def validate_questionnaire(document: Mapping[str, object]) -> list[FieldError]:
    """Whether `document` is a FHIR R4 Questionnaire: its elements, their types and which must be there.

    R4B, whose Questionnaire is R4's, is what the library has. Raises ValidationFailed naming the path of each element
    that is wrong (`item[0].linkId`). What is right but not supported is for `domain.questionnaire` to say. Published
    forms are often a little wrong where nobody looks (an extension, the narrative, the metadata of a contained value
    set): those errors are returned, and the document is kept as it is.
    """
    # Building the models takes half a second: only for those who import a form.
    from fhir.resources.R4B.questionnaire import Questionnaire

    try:
        Questionnaire.model_validate(document)
    except ValidationError as refusal:
        found = [(error["loc"], error["type"]) for error in refusal.errors(include_input=False)]
        errors = [_translated(place, kind) for place, kind in found if not _aside(place)]
        aside = [_translated(place, kind) for place, kind in found if _aside(place)]
    except (RecursionError, TypeError, ValueError, OverflowError):  # its own checks choke on some of what isn't FHIR
        errors, aside = [FieldError(field="Questionnaire", message="isn't a FHIR R4 Questionnaire")], []
    else:
        return []
    if not errors:
        return aside[:_MOST_ERRORS]
    # None of the library's words: they repeat what was sent.
    raise ValidationFailed(errors[:_MOST_ERRORS]) from None


def _aside(place: tuple[int | str, ...]) -> bool:
    """In a part that isn't read here, or that `domain` reads element by element."""
    return any(part in _ASIDE or (isinstance(part, str) and part.startswith("_")) for part in place[:-1])


def _translated(place: tuple[int | str, ...], kind: str) -> FieldError:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{shown_name(part)}" for part in place).lstrip(".")
    path = "resourceType" if path == "resource_type" else path  # the library's own name for it
    message = {
        "missing": "is missing",
        "extra_forbidden": "isn't an element of a FHIR R4 Questionnaire",
    }.get(kind, "isn't of the right type for FHIR R4")
    return FieldError(field=path or "Questionnaire", message=message)
