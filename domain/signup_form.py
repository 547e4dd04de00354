"""The sign-up form of a provider: its fields, which of them are asked, and the custom ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from domain.errors import FieldError, ValidationFailed
from domain.signup_fields import ALWAYS_ASKED, STANDARD_TYPES, FieldType, SignupField, standard_field
from domain.texts import clean_text, shown_name

MOST_FIELDS = 50
MOST_OPTIONS = 100
LABEL_LENGTH = 200
CONSENT_LENGTH = 4000
OPTION_LENGTH = 200
HELP_LENGTH = 500
SECTION_LENGTH = 100
LARGEST_LIMIT = 10**15

_KNOWN = ("key", "type", "label", "enabled", "required", "options", "help", "section", "min", "max")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class SignupForm:
    """The fields in the order they are shown; a standard field that is left out isn't asked."""

    fields: tuple[SignupField, ...]

    @property
    def asked(self) -> tuple[SignupField, ...]:
        """The fields that a client sees."""
        return tuple(field for field in self.fields if field.enabled)

    @property
    def asks_health(self) -> bool:
        return any(field.key == "reason_for_contact" for field in self.asked)

    @cached_property
    def by_key(self) -> dict[str, SignupField]:
        return {field.key: field for field in self.fields}

    def as_document(self) -> dict[str, Any]:
        """The contract's document without its version, which is the store's; `parse_signup_form` reads it back."""
        return {"fields": [field.as_document() for field in self.fields]}


def default_signup_form() -> SignupForm:
    """The form of a new practice: name and e-mail required, phone asked, the rest switched off."""
    first = ("first_name", "last_name", "email", "phone", "date_of_birth", "preferred_contact")
    keys = (*first, *(key for key in STANDARD_TYPES if key not in first))
    return SignupForm(fields=tuple(standard_field(key, enabled=key == "phone") for key in keys))


def parse_signup_form(document: Mapping[str, object]) -> SignupForm:
    """Check and read `{"fields": [...]}`; a `version` is allowed and left to the store.

    Raises ValidationFailed naming every path that is wrong (`fields[3].options`), among them an attempt to switch off
    or leave out what is always asked.
    """
    errors: list[FieldError] = []
    if not isinstance(document, Mapping):
        raise ValidationFailed.of("signup-form", "must be an object")
    for name in document:
        if name not in ("version", "fields"):
            errors.append(FieldError(field=shown_name(name), message="isn't known here"))
    entries = document.get("fields")
    if not isinstance(entries, list | tuple) or len(entries) > MOST_FIELDS:
        errors.append(FieldError(field="fields", message=f"must be a list of at most {MOST_FIELDS} fields"))
        raise ValidationFailed(errors)
    fields: dict[str, SignupField] = {}
    for index, entry in enumerate(entries):
        reader = _FieldReader(entry, f"fields[{index}]")
        field = reader.read()
        errors.extend(reader.errors)
        if reader.key in fields:
            errors.append(FieldError(field=f"fields[{index}].key", message="has been used before"))
        elif field is not None:
            fields[field.key] = field
    if not errors:
        missing = [key for key in ALWAYS_ASKED if key not in fields]
        errors.extend(FieldError(field=key, message="is always asked and can't be left out") for key in missing)
        errors.extend(_guardian_errors(fields))
    if errors:
        raise ValidationFailed(errors)
    return SignupForm(fields=tuple(fields.values()))


def _guardian_errors(fields: Mapping[str, SignupField]) -> list[FieldError]:
    """A guardian is required of minors only: without a date of birth nobody can tell who is one."""
    guardian, born = fields.get("guardian"), fields.get("date_of_birth")
    if guardian is None or not (guardian.enabled and guardian.required):
        return []
    if born is not None and born.enabled and born.required:
        return []
    index = list(fields).index("guardian")
    message = "needs the date of birth to be required too: a guardian is asked of those under 18"
    return [FieldError(field=f"fields[{index}].required", message=message)]


class _FieldReader:
    """Reads one field of the document and gathers what is wrong with it."""

    def __init__(self, entry: object, path: str) -> None:
        self.path = path
        self.errors: list[FieldError] = []
        self._entry: Mapping[object, object] = entry if isinstance(entry, Mapping) else {}
        if not isinstance(entry, Mapping):
            self._refuse("", "must be an object")
        self.key = self._entry.get("key")

    def read(self) -> SignupField | None:
        if self.errors:
            return None
        for name in self._entry:
            if name not in _KNOWN:
                self._refuse(shown_name(name), "isn't known here")
        key, kind = self._key(), self._type()
        enabled, required = self._boolean("enabled"), self._boolean("required")
        label = self._text("label", self._entry.get("label"), CONSENT_LENGTH if kind == "consent" else LABEL_LENGTH)
        options = self._options(kind)
        help_text, section = self._optional("help", HELP_LENGTH), self._optional("section", SECTION_LENGTH)
        minimum, maximum = self._limits(kind)
        if key in ALWAYS_ASKED:
            for name, value in (("enabled", enabled), ("required", required)):
                if not value:
                    self._refuse(name, f"can't be switched off: {key} is always asked")
        if self.errors or kind is None:
            return None
        return SignupField(
            key=key,
            type=kind,
            label=label,
            enabled=enabled,
            required=required,
            options=options,
            help=help_text,
            section=section,
            minimum=minimum,
            maximum=maximum,
        )

    def _refuse(self, name: str, message: str) -> None:
        self.errors.append(FieldError(field=f"{self.path}.{name}" if name else self.path, message=message))

    def _key(self) -> str:
        if not isinstance(self.key, str) or not _KEY.fullmatch(self.key):
            self._refuse("key", "must be a short name of small letters, digits and underscores, such as referred_by")
            return ""
        return self.key

    def _type(self) -> FieldType | None:
        value = self._entry.get("type")
        if not isinstance(value, str) or value not in list(FieldType):
            self._refuse("type", f"must be one of {', '.join(FieldType)}")
            return None
        fixed = STANDARD_TYPES.get(self.key) if isinstance(self.key, str) else None
        if fixed is not None and value != fixed:
            self._refuse("type", f"of {self.key} is always {fixed}")
        if fixed is None and value == FieldType.GROUP:
            self._refuse("type", "group belongs to standard fields only")
        return FieldType(value)

    def _boolean(self, name: str) -> bool:
        value = self._entry.get(name)
        if not isinstance(value, bool):
            self._refuse(name, "must be true or false")
            return True
        return value

    def _text(self, name: str, value: object, longest: int) -> str:
        try:
            text = clean_text(value, longest, lines=longest == CONSENT_LENGTH) if isinstance(value, str) else ""
        except ValueError as error:
            self._refuse(name, f"isn't right. {error}")
            return ""
        if not text:
            self._refuse(name, "can't be empty")
        return text

    def _optional(self, name: str, longest: int) -> str:
        value = self._entry.get(name)
        return "" if value is None or value == "" else self._text(name, value, longest)

    def _limits(self, kind: FieldType | None) -> tuple[int | float | None, int | float | None]:
        limits = self._limit("min", kind), self._limit("max", kind)
        if limits[0] is not None and limits[1] is not None and limits[0] > limits[1]:
            self._refuse("max", "must not be less than min")
        return limits

    def _limit(self, name: str, kind: FieldType | None) -> int | float | None:
        value = self._entry.get(name)
        if value is None:
            return None
        if kind is not FieldType.NUMBER:
            self._refuse(name, "belongs to a number only")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_LIMIT:
            self._refuse(name, "must be a number")
        else:
            return value
        return None

    def _options(self, kind: FieldType | None) -> tuple[str, ...]:
        value = self._entry.get("options")
        if kind not in (FieldType.CHOICE, FieldType.CHOICES):
            if value is not None and value != []:
                self._refuse("options", "belong to a choice only")
            return ()
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_OPTIONS:
            self._refuse("options", f"must be a list of 1 to {MOST_OPTIONS} texts")
            return ()
        options = [self._text(f"options[{index}]", one, OPTION_LENGTH) for index, one in enumerate(value)]
        if len({option.casefold() for option in options}) < len(options):
            self._refuse("options", "must differ from each other")
        return tuple(options)
