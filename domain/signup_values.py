"""One answer of a sign-up at a time: from JSON or an HTML form's text to what is stored. Each raises ValueError."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from domain.signup_fields import NAMES, FieldType, SignupField
from domain.texts import clean_text

NAME_LENGTH = 100
TEXT_LENGTH = 500
LONG_TEXT_LENGTH = 5000
EARLIEST_BIRTH = date(1900, 1, 1)

Answer = str | int | float | bool | list[str] | dict[str, str]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,10})?", re.ASCII)
_LINK = re.compile(r"://|www\.|@", re.IGNORECASE)
_YES = {"yes", "true", "on", "1"}
_NO = {"no", "false", "off", "0"}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What reading a value depends on; the two checks return the normalised form or raise ValueError."""

    today: date
    check_email: Callable[[str], str]
    check_phone: Callable[[str], str]

    def value(self, field: SignupField, value: object) -> Answer:
        match field.type:
            case FieldType.NUMBER:
                return _number(field, value)
            case FieldType.CHOICES:
                return _some(field, value)
            case FieldType.YES_NO | FieldType.CONSENT:
                answer = _yes_or_no(value)
                if field.type is FieldType.CONSENT and field.required and not answer:
                    raise ValueError("Please agree to this.")
                return answer
            case FieldType.CHOICE:
                return _option(field, _as_text(value))
            case FieldType.DATE:
                return self._date(_as_text(value).strip(), born=field.key == "date_of_birth")
        return self.text(field.type, value, is_name=field.key in NAMES)

    def text(self, kind: FieldType, value: object, *, is_name: bool = False) -> str:
        text = _as_text(value)
        match kind:
            case FieldType.EMAIL:
                return self.check_email(clean_text(text, 320))
            case FieldType.PHONE:
                return self.check_phone(clean_text(text, 60))
            case FieldType.LONG_TEXT:
                return clean_text(text, LONG_TEXT_LENGTH, lines=True)
        return _name(text) if is_name else clean_text(text, TEXT_LENGTH)

    def _date(self, value: str, *, born: bool) -> str:
        try:
            day = date.fromisoformat(value) if _DATE.fullmatch(value) else None
        except ValueError:
            day = None
        if day is None:
            raise ValueError("Please give a date as year-month-day, such as 1990-05-31.")
        if born and not EARLIEST_BIRTH <= day < self.today:
            raise ValueError("Please check the year: a date of birth lies in the past, after 1900.")
        return day.isoformat()


def is_blank(value: object) -> bool:
    """Null and blank text: not answered."""
    return value is None or (isinstance(value, str) and not value.strip())


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("Please write this as a text.")
    return value


def _name(value: str) -> str:
    name = clean_text(value, NAME_LENGTH)
    # A name goes into mails to an address that nobody has confirmed yet: no place for somebody's advertising.
    if _LINK.search(name) or not any(character.isalpha() for character in name):
        raise ValueError("Please write the name only.")
    return name


def _number(field: SignupField, value: object) -> int | float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value.strip().replace(",", "."))
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e15 or math.isnan(value):
        raise ValueError("Please give a number.")
    if field.minimum is not None and value < field.minimum:
        raise ValueError(f"Please give a number of at least {field.minimum}.")
    if field.maximum is not None and value > field.maximum:
        raise ValueError(f"Please give a number of at most {field.maximum}.")
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


def _some(field: SignupField, value: object) -> list[str]:
    """Those that were chosen, each once, in the form's order."""
    given = value if isinstance(value, list | tuple) else [value]
    if len(given) > 2 * len(field.options):
        raise ValueError("Please choose from the answers.")
    chosen = {_option(field, _as_text(one)) for one in given if not is_blank(one)}
    return [option for option in field.options if option in chosen]
