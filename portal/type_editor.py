"""Between the appointment types' page and their document: one small change at a time, errors by the input's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.appointment_types import AppointmentType, FeeRule
from domain.errors import Conflict, DomainError, FieldError, NotFound, ValidationFailed
from domain.money import Money
from portal.forms import Form
from portal.policy_forms import shown_amount, typed_amount

Document = dict[str, Any]

NEW = "new"  # stands for the id of one that isn't there yet
_PATH = re.compile(r"types\[(\d+)\]\.(\w+)", re.ASCII)
_INPUTS = {"fee": "amount"}
_VERBS = ("save", "up", "down", "archive", "offer")


@dataclass(frozen=True, kw_only=True)
class TypeSheet:
    """What one type's inputs hold."""

    name: str = ""
    minutes: str = ""
    fee_rule: str = FeeRule.SETTINGS
    amount: str = ""
    currency: str = "usd"


def sheet_of(kind: AppointmentType, usual: Money | None) -> TypeSheet:
    """`usual` is the fee of the portal settings: another one is most likely in its currency."""
    currency = kind.fee.currency if kind.fee else usual.currency if usual else "usd"
    return TypeSheet(
        name=kind.name,
        minutes="" if kind.minutes is None else str(kind.minutes),
        fee_rule=kind.fee_rule,
        amount=shown_amount(kind.fee) if kind.fee else "",
        currency=currency,
    )


def sheet_from(form: Form) -> TypeSheet:
    """As it was typed."""
    return TypeSheet(
        name=form.text("name"),
        minutes=form.text("minutes"),
        fee_rule=form.first("fee_rule"),
        amount=form.text("amount"),
        currency=form.first("currency") or "usd",
    )


def about(form: Form) -> str:
    """The id of the type that the pressed button is about; `NEW` for one that is added."""
    return NEW if form.first("action") == "add" else form.first("action").partition(".")[2]


def changed(document: Mapping[str, Any], form: Form) -> tuple[Document, int]:
    """The whole document with the change that the form asks for, and where in it the type stands that it is about.

    Raises ValidationFailed naming the inputs, NotFound.
    """
    types = [dict(one) for one in document["types"]]
    verb, type_id = form.first("action").partition(".")[0], about(form)
    if type_id == NEW and verb == "add":
        opened = sum(not one["archived"] for one in types)
        types.insert(opened, _typed(form, None))
        return {"types": types}, opened
    place = next((number for number, one in enumerate(types) if one["id"] == type_id), None)
    if place is None or verb not in _VERBS:
        raise NotFound("There is no such appointment type.")
    if verb == "save":
        types[place] |= _typed(form, types[place]["fee"])
    elif verb in ("archive", "offer"):
        # Archived ones stand last; what is offered again is the last of those that are.
        types.append(types.pop(place) | {"archived": verb == "archive"})
        types.sort(key=lambda one: bool(one["archived"]))
    else:
        types.insert(max(place + (-1 if verb == "up" else 1), 0), types.pop(place))
    return {"types": types}, next(number for number, one in enumerate(types) if one.get("id") == type_id)


def _typed(form: Form, fee: Mapping[str, Any] | None) -> Document:
    """`fee` is the one of its own that the type has had: its amount may stand there still, and means nothing then."""
    sheet = sheet_from(form)
    document: Document = {"name": sheet.name, "minutes": None, "fee_rule": sheet.fee_rule, "fee": None}
    errors: list[FieldError] = []
    if sheet.minutes:
        if sheet.minutes.isascii() and sheet.minutes.isdigit() and len(sheet.minutes) < 8:
            document["minutes"] = int(sheet.minutes)
        else:
            errors.append(FieldError(field="minutes", message="must be a whole number"))
    if sheet.fee_rule == FeeRule.OWN:
        minor = typed_amount(sheet.amount, sheet.currency)
        if minor is None:
            errors.append(FieldError(field="amount", message="must be an amount, such as 40.00"))
        else:
            document["fee"] = {"amount_minor": minor, "currency": sheet.currency}
    elif sheet.amount and not (fee and sheet.amount == shown_amount(Money(**fee))):
        errors.append(
            FieldError(field="amount", message="is only for “A fee of its own”: choose that, or leave it empty")
        )
    if errors:
        raise ValidationFailed(errors)
    return document


def by_input(refusal: ValidationFailed, place: int) -> DomainError:
    """The refusal by the inputs of the type that stands at `place`; what is wrong with all together is a conflict."""
    found: list[FieldError] = []
    for error in refusal.errors:
        match = _PATH.fullmatch(error.field)
        if match is None or int(match[1]) != place:
            return Conflict(f"This can't be saved: the list of types {error.message}.")
        found.append(FieldError(field=_INPUTS.get(match[2], match[2]), message=error.message))
    return ValidationFailed(found)
