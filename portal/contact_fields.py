"""Between the inputs of a form with sign-up fields and the answers that commands check."""

from __future__ import annotations

from typing import Any

from commands.contact import ContactSheet
from domain.errors import DomainError, ValidationFailed
from domain.signup_fields import FieldType
from domain.signup_form import SignupForm
from portal.forms import Form
from portal.rendering import errors_by_field

AUTOCOMPLETE = {
    "first_name": "given-name",
    "last_name": "family-name",
    "preferred_name": "nickname",
    "email": "email",
    "phone": "tel",
    "date_of_birth": "bday",
}


def answers_given(asked: SignupForm, form: Form) -> dict[str, Any]:
    """The fields that were asked, in the shape that is checked."""
    answers: dict[str, Any] = {"custom": {}}
    for field in asked.asked:
        given = form.values.get(field.name, [""])
        value: object = given if field.type is FieldType.CHOICES else given[-1]
        if field.parts:
            answers[field.key] = {part.key: form.first(f"{field.key}.{part.key}") for part in field.parts}
        elif field.is_standard:
            answers[field.key] = value
        else:
            answers["custom"][field.key] = value
    return answers


def labels_of(asked: SignupForm) -> dict[str, str]:
    """By the names of the inputs, for the list of what has to be corrected."""
    found = {one.name: one.label for one in asked.asked if one.type is not FieldType.CONSENT}
    return found | {f"{one.name}.{part.key}": f"{one.label}, {part.label}" for one in asked.asked for part in one.parts}


def contact_context(
    sheet: ContactSheet, form: Form | None = None, refusal: DomainError | None = None
) -> dict[str, Any]:
    """What `contact_fields.html` shows: what is known, or what was typed and has to be looked at again.

    `differs` names what somebody else has changed meanwhile, as it is now.
    """
    known = _by_input(sheet)
    typed = form.flat() if form else known
    labels = labels_of(sheet.form)
    stale = refusal is not None and not isinstance(refusal, ValidationFailed)
    differs = {
        labels[name]: known.get(name) or "empty" for name in labels if typed.get(name, "") != known.get(name, "")
    }
    return {
        "sections": [("", list(sheet.form.fields))],
        "values": typed,
        "chosen": {},
        "complete": AUTOCOMPLETE,
        "labels": labels,
        "errors": errors_by_field(refusal.errors) if isinstance(refusal, ValidationFailed) else {},
        "refusal": refusal.detail if stale and refusal else None,
        "differs": differs if stale else {},
        "seen": sheet.seen,
    }


def _by_input(sheet: ContactSheet) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in sheet.values.items():
        if isinstance(value, dict):
            found |= {f"{key}.{part}": text for part, text in value.items()}
        else:
            found[key] = str(value)
    return found
