"""The provider's hosted page: name, title, picture, words of their own, and how to reach the practice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import FieldError, ValidationFailed
from domain.texts import clean_text, shown_name

LONGEST = {"name": 100, "title": 100, "intro": 5000, "contact": 1000}
LONGEST_ALT = 200
_LINES = ("intro", "contact")
_LONGEST_ID = 40


@dataclass(frozen=True, kw_only=True)
class PagePicture:
    """`alt` says what it shows, to those who can't see it."""

    id: str
    alt: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """`contact` is shown to those who can't sign up online; empty texts are left out of the page."""

    name: str
    title: str = ""
    intro: str = ""
    contact: str = ""
    picture: PagePicture | None = None

    def as_document(self) -> dict[str, Any]:
        texts: dict[str, Any] = {name: getattr(self, name) for name in LONGEST}
        picture = self.picture
        return texts | {"picture": {"id": picture.id, "alt": picture.alt} if picture else None}


def parse_page(document: Mapping[str, object]) -> Page:
    """Raises ValidationFailed naming each field. A picture is `{"id", "alt"}`; what else it says isn't looked at."""
    errors = [
        FieldError(field=shown_name(name), message="isn't known here")
        for name in document
        if name not in LONGEST and name != "picture"
    ]
    texts: dict[str, str] = {}
    for name in LONGEST:
        try:
            texts[name] = _text(document.get(name, ""), LONGEST[name], lines=name in _LINES)
        except ValueError as error:
            errors.append(FieldError(field=name, message=str(error)))
    if texts.get("name") == "":
        errors.append(FieldError(field="name", message="is needed"))
    picture = _picture(document.get("picture"), errors)
    if errors:
        raise ValidationFailed(errors)
    return Page(**texts, picture=picture)


def _text(value: object, longest: int, *, lines: bool = False) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return clean_text(value, longest, lines=lines)


def _picture(value: object, errors: list[FieldError]) -> PagePicture | None:
    if value is None:
        return None
    identity = value.get("id") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(identity, str) or not 1 <= len(identity) <= _LONGEST_ID:
        errors.append(FieldError(field="picture", message="must be null, or the id of an uploaded picture and its alt"))
        return None
    try:
        alt = _text(value.get("alt", ""), LONGEST_ALT)
    except ValueError as error:
        errors.append(FieldError(field="picture.alt", message=str(error)))
        return None
    if not alt:
        message = "is needed: say in a few words what the picture shows, for those who can't see it"
        errors.append(FieldError(field="picture.alt", message=message))
        return None
    return PagePicture(id=identity, alt=alt)
