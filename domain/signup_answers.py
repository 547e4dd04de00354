"""Answers to a sign-up form: checked field by field, every mistake told at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from domain.errors import FieldError, ValidationFailed
from domain.signup_fields import CONTACT_FIELDS, STANDARD_TYPES, FieldType, SignupField
from domain.signup_form import SignupForm
from domain.signup_values import Answer, Reading, is_blank
from domain.texts import shown_name

AGE_OF_MAJORITY = 18

__all__ = ["AGE_OF_MAJORITY", "Answer", "SignupAnswers", "check_fields", "check_signup", "is_minor", "sealed_part"]


@dataclass(frozen=True, kw_only=True)
class SignupAnswers:
    """What the client gave; `email` and `phone` are normalised, `custom` holds JSON values (dates as ISO texts).

    `details` are the standard answers that aren't contact data: groups as objects, the others as texts.
    """

    first_name: str
    last_name: str
    email: str
    phone: str | None
    date_of_birth: date | None
    preferred_contact: str | None
    preferred_name: str | None = None
    pronouns: str | None = None
    details: dict[str, Answer] = field(default_factory=dict)
    custom: dict[str, Answer]


def check_signup(
    form: SignupForm,
    fields: Mapping[str, object],
    today: date,
    check_email: Callable[[str], str],
    check_phone: Callable[[str], str],
) -> SignupAnswers:
    """Check `{first_name, ..., address: {...}, custom: {key: value}}` against the form.

    Values are JSON's or the strings of an HTML form; null and blank mean "not answered". The two checks return the
    normalised form or raise ValueError with a sentence for the person. A required guardian is required of those who
    are under 18 today by their date of birth.

    Raises ValidationFailed with an error per field (`custom.<key>` for custom ones, `address.postal_code` for parts),
    unknown and switched-off ones among them.
    """
    answers = check_fields(form, fields, Reading(today=today, check_email=check_email, check_phone=check_phone))

    def text(name: str) -> str | None:
        value = answers.get(name)
        return value if isinstance(value, str) else None

    born = text("date_of_birth")
    return SignupAnswers(
        first_name=text("first_name") or "",
        last_name=text("last_name") or "",
        email=text("email") or "",
        phone=text("phone"),
        date_of_birth=date.fromisoformat(born) if born else None,
        preferred_contact=text("preferred_contact"),
        preferred_name=text("preferred_name"),
        pronouns=text("pronouns"),
        details={key: value for key, value in answers.items() if key in STANDARD_TYPES and key not in CONTACT_FIELDS},
        custom={one.key: answers[one.name] for one in form.asked if not one.is_standard and one.name in answers},
    )


def check_fields(form: SignupForm, fields: Mapping[str, object], reading: Reading) -> dict[str, Answer]:
    """The answers by name, without those that weren't given. Raises ValidationFailed with an error per field."""
    checker = _Checker(form, reading)
    answers = checker.check_all(fields)
    if checker.errors:
        raise ValidationFailed(checker.errors)
    return answers


def is_minor(born: date, today: date) -> bool:
    """Under 18 today; who was born on February 29 comes of age on March 1."""
    return (today.year - born.year, today.month, today.day) < (AGE_OF_MAJORITY, born.month, born.day)


def sealed_part(form: SignupForm, version: int, answers: SignupAnswers) -> dict[str, Any] | None:
    """What is sealed of the answers: all but contact data, and each consent's text with its SHA-256 and version."""
    if not (answers.details or answers.custom):
        return None
    consents = {
        one.key: {
            "given": answers.custom[one.key],
            "text": one.label,
            "sha256": hashlib.sha256(one.label.encode()).hexdigest(),
            "form_version": version,
        }
        for one in form.asked
        if one.type is FieldType.CONSENT and one.key in answers.custom
    }
    return {"details": answers.details, "custom": answers.custom, "consents": consents}


class _Checker:
    """Checks one sign-up and gathers what is wrong with it."""

    def __init__(self, form: SignupForm, reading: Reading) -> None:
        self._form = form
        self._reading = reading
        self.errors: list[FieldError] = []

    def check_all(self, fields: object) -> dict[str, Answer]:
        """The answers by name, without those that weren't given."""
        given = self._flatten(fields)
        answers: dict[str, Answer] = {}
        # The date of birth decides who needs a guardian, wherever the form asks for it.
        born = self._born(given.get("date_of_birth"))
        for one in self._form.asked:
            if one.key == "guardian" and one.is_standard and (born is None or not is_minor(born, self._reading.today)):
                one = replace(one, required=False)
            value = given.get(one.name)
            answer = self._group(one, value) if one.type is FieldType.GROUP else self._check(one, value)
            if answer is not None:
                answers[one.name] = answer
        return answers

    def _flatten(self, fields: object) -> dict[str, object]:
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
        known = {one.name: one for one in self._form.fields}
        for name, value in given.items():
            one = known.get(name)
            if one is None or not (one.enabled or _unanswered(one, value)):
                self._refuse(shown_name(name), "This isn't asked here.")
        return given

    def _born(self, value: object) -> date | None:
        one = self._form.by_key.get("date_of_birth")
        try:
            return date.fromisoformat(str(self._reading.value(one, value))) if one and one.enabled else None
        except ValueError:
            return None

    def _check(self, one: SignupField, value: object) -> Answer | None:
        """The answer in its stored form; None where it is blank or wrong."""
        try:
            if _unanswered(one, value):
                if one.required:
                    raise ValueError(_MISSING.get(one.type, "Please fill this in."))
                return None
            return self._reading.value(one, value)
        except ValueError as error:
            self._refuse(one.name, str(error))
            return None

    def _group(self, one: SignupField, value: object) -> dict[str, str] | None:
        """Its parts by key. Once one of them is given, the group's required ones are needed."""
        if value is not None and not isinstance(value, Mapping):
            self._refuse(one.name, "Please send this as an object.")
            return None
        parts: Mapping[object, object] = value or {}
        known = {part.key for part in one.parts}
        for key in parts:
            if key not in known:
                self._refuse(f"{one.name}.{shown_name(key)}", "This isn't asked here.")
        if not one.required and _unanswered(one, parts):
            return None
        answers: dict[str, str] = {}
        for part in one.parts:
            try:
                if not is_blank(parts.get(part.key)):
                    answers[part.key] = self._reading.text(part.type, parts[part.key], is_name=part.is_name)
                elif part.required:
                    raise ValueError("Please fill this in.")
            except ValueError as error:
                self._refuse(f"{one.name}.{part.key}", str(error))
        return answers

    def _refuse(self, name: str, message: str) -> None:
        self.errors.append(FieldError(field=name, message=message))


_MISSING = {
    FieldType.CONSENT: "Please agree to this.",
    FieldType.CHOICES: "Please choose at least one of the answers.",
}


def _unanswered(one: SignupField, value: object) -> bool:
    """Blank; of a group also where all its parts are, and of some of many where nothing is chosen."""
    if one.type is FieldType.GROUP and isinstance(value, Mapping):
        return all(is_blank(part) for part in value.values())
    if one.type is FieldType.CHOICES and isinstance(value, list | tuple):
        return all(is_blank(chosen) for chosen in value)
    return is_blank(value)
