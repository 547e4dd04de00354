"""Reading single fields of a request: each wrong one is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from domain.errors import FieldError, ValidationFailed

_LONGEST_ID = 100


def only(body: Mapping[str, object], allowed: Collection[str]) -> None:
    """Raises ValidationFailed naming the first twenty fields that aren't known here."""
    unknown = [name for name in body if name not in allowed]
    if unknown:
        raise ValidationFailed([FieldError(field=_shown(name), message="isn't known here") for name in unknown[:20]])


def text(body: Mapping[str, object], name: str, longest: int = 500) -> str:
    value = body.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValidationFailed.of(name, "is needed")
    if not isinstance(value, str):
        raise ValidationFailed.of(name, "must be text")
    if len(value) > longest:
        raise ValidationFailed.of(name, f"must have at most {longest} characters")
    return value.strip()


def optional_text(body: Mapping[str, object], name: str, longest: int = 500) -> str | None:
    return None if body.get(name) in (None, "") else text(body, name, longest)


def secret(body: Mapping[str, object], name: str) -> str:
    """A password as it was typed: blanks belong to it."""
    text(body, name, 10_000)
    return str(body[name])


def flag(body: Mapping[str, object], name: str) -> bool:
    """False where it isn't sent."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise ValidationFailed.of(name, "must be true or false")
    return value


def moment(name: str, value: object) -> datetime:
    """An RFC 3339 instant with its offset."""
    if not isinstance(value, str):
        raise ValidationFailed.of(name, "is needed, such as 2026-12-01T14:00:00Z")
    try:
        # In a query an unescaped "+" arrives as a blank.
        parsed = datetime.fromisoformat(value.strip().replace(" ", "+") if "T" in value else value)
    except ValueError:
        raise ValidationFailed.of(name, "must be a date and time, such as 2026-12-01T14:00:00Z") from None
    if parsed.tzinfo is None:
        raise ValidationFailed.of(name, "must carry a time zone, such as 2026-12-01T14:00:00Z")
    return parsed


def opaque_id(value: str) -> str:
    """What may be looked up as an id: anything else can't be there."""
    return value if len(value) <= _LONGEST_ID and value.isascii() and value.isprintable() else "-"


def _shown(name: str) -> str:
    return name[:60].encode("ascii", "replace").decode()
