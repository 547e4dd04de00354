"""Answers to a sign-up form: checked field by field, every mistake told at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from domain.errors import FieldError, ValidationFailed
from domain.signup_form import FieldType, SignupField, SignupForm
from domain.texts import clean_text, shown_name

NAME_LENGTH = 100
TEXT_LENGTH = 500
LONG_TEXT_LENGTH = 5000
EARLIEST_BIRTH = date(1900, 1, 1)

Answer = str | int | float | bool

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,10})?", re.ASCII)
_LINK = re.compile(r"://|www\.|@", re.IGNORECASE)
_YES = {"yes", "true", "on", "1"}
_NO = {"no", "false", "off", "0"}


@dataclass(frozen=True, kw_only=True)
class SignupAnswers:
    """What the client gave; `email` and `phone` are normalised, `custom` holds JSON values (dates as ISO texts)."""

    first_name: str
    last_name: str
    email: str
    phone: str | None
    date_of_birth: date | None
    preferred_contact: str | None
    custom: dict[str, Answer]


def check_signup(
    form: SignupForm,
    fields: Mapping[str, object],
    today: date,
    check_email: Callable[[str], str],
    check_phone: Callable[[str], str],
) -> SignupAnswers:
    """Check `{first_name, ..., custom: {key: value}}` against the form.

    Values are JSON's or the strings of an HTML form; null and blank mean "not answered". The two checks return the
    normalised form or raise ValueError with a sentence for the person.

    Raises ValidationFailed with an error per field (`custom.<key>` for custom ones), unknown and switched-off ones
    among them.
    """
    checker = _Checker(form, today, check_email, check_phone)
    given = checker.flatten(fields)
    answers = {field.name: checker.check(field, given.get(field.name)) for field in form.asked}
    if checker.errors:
        raise ValidationFailed(checker.errors)

    def text(name: str) -> str | None:
        value = answers.get(name)
        return value if isinstance(value, str) else None

    born = text("date_of_birth")
    customs = {field.key: answers[field.name] for field in form.asked if not field.is_standard}
    return SignupAnswers(
        first_name=text("first_name") or "",
        last_name=text("last_name") or "",
        email=text("email") or "",
        phone=text("phone"),
        date_of_birth=date.fromisoformat(born) if born else None,
        preferred_contact=text("preferred_contact"),
        custom={key: value for key, value in customs.items() if value is not None},
    )


class _Checker:
    """Checks one sign-up and gathers what is wrong with it."""

    def __init__(
        self, form: SignupForm, today: date, check_email: Callable[[str], str], check_phone: Callable[[str], str]
    ) -> None:
        self._form = form
        self._today = today
        self._check_email = check_email
        self._check_phone = check_phone
        self.errors: list[FieldError] = []

    def flatten(self, fields: object) -> dict[str, object]:
        """The given values by name; unknown ones are refused, and so is a value for what isn't asked."""
        if not isinstance(fields, Mapping):
            self._refuse("fields", "Please send the answers as an object.")
            return {}
        given = {str(key): value for key, value in fields.items() if key != "custom"}
        custom = fields.get("custom")
        if isinstance(custom, Mapping):
            given |= {f"custom.{key}": value for key, value in custom.items()}
        elif custom is not None:
            self._refuse("custom", "Please send the custom answers as an object.")
        known = {field.name: field for field in self._form.fields}
        for name, value in given.items():
            field = known.get(name)
            if field is None or not (field.enabled or _is_blank(value)):
                self._refuse(shown_name(name), "This isn't asked here.")
        return given

    def check(self, field: SignupField, value: object) -> Answer | None:
        """The answer in its stored form; None where it is blank or wrong."""
        try:
            if _is_blank(value):
                if field.required:
                    raise ValueError(
                        "Please agree to this." if field.type is FieldType.CONSENT else "Please fill this in."
                    )
                return None
            return self._typed(field, value)
        except ValueError as error:
            self._refuse(field.name, str(error))
            return None

    def _refuse(self, name: str, message: str) -> None:
        self.errors.append(FieldError(field=name, message=message))

    def _typed(self, field: SignupField, value: object) -> Answer:
        match field.type:
            case FieldType.NUMBER:
                return _number(value)
            case FieldType.YES_NO | FieldType.CONSENT:
                answer = _yes_or_no(value)
                if field.type is FieldType.CONSENT and field.required and not answer:
                    raise ValueError("Please agree to this.")
                return answer
        if not isinstance(value, str):
            raise ValueError("Please write this as a text.")
        match field.type:
            case FieldType.EMAIL:
                return self._check_email(clean_text(value, 320))
            case FieldType.PHONE:
                return self._check_phone(clean_text(value, 60))
            case FieldType.DATE:
                return self._date(field, value.strip())
            case FieldType.CHOICE:
                return _option(field, value)
            case FieldType.LONG_TEXT:
                return clean_text(value, LONG_TEXT_LENGTH, lines=True)
        return _name(value) if field.key in ("first_name", "last_name") else clean_text(value, TEXT_LENGTH)

    def _date(self, field: SignupField, value: str) -> str:
        try:
            day = date.fromisoformat(value) if _DATE.fullmatch(value) else None
        except ValueError:
            day = None
        if day is None:
            raise ValueError("Please give a date as year-month-day, such as 1990-05-31.")
        if field.key == "date_of_birth" and not EARLIEST_BIRTH <= day < self._today:
            raise ValueError("Please check the year: a date of birth lies in the past, after 1900.")
        return day.isoformat()


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _name(value: str) -> str:
    name = clean_text(value, NAME_LENGTH)
    # A name goes into mails to an address that nobody has confirmed yet: no place for somebody's advertising.
    if _LINK.search(name) or not any(character.isalpha() for character in name):
        raise ValueError("Please write the name only.")
    return name


def _number(value: object) -> int | float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value.strip().replace(",", "."))
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e15 or math.isnan(value):
        raise ValueError("Please give a number.")
    return int(value) if value == int(value) else value


def _yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in _YES | _NO:
        raise ValueError("Please answer yes or no.")
    return word in _YES


def _option(field: SignupField, value: str) -> str:
    wanted = clean_text(value, 1000).casefold()
    for option in field.options:
        if option.casefold() == wanted:
            return option
    raise ValueError("Please choose one of the answers.")
