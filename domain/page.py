"""The provider's hosted page: name, title, words of their own, and how to reach the practice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from domain.errors import FieldError, ValidationFailed

_LONGEST = {"name": 100, "title": 100, "intro": 5000, "contact": 1000}


@dataclass(frozen=True, kw_only=True)
class Page:
    """`contact` is shown to those who can't sign up online; empty texts are left out of the page."""

    name: str
    title: str = ""
    intro: str = ""
    contact: str = ""

    def as_document(self) -> dict[str, str]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def parse_page(document: Mapping[str, object]) -> Page:
    """Raises ValidationFailed naming each field."""
    errors: list[FieldError] = []
    values: dict[str, str] = {}
    for key, value in document.items():
        longest = _LONGEST.get(key)
        if longest is None:
            errors.append(FieldError(field=key, message="isn't known here"))
        elif not isinstance(value, str):
            errors.append(FieldError(field=key, message="must be text"))
        elif len(value) > longest:
            errors.append(FieldError(field=key, message=f"must have at most {longest} characters"))
        else:
            values[key] = value.strip()
    if not errors and not values.get("name"):
        errors.append(FieldError(field="name", message="is needed"))
    if errors:
        raise ValidationFailed(errors)
    return Page(**values)
