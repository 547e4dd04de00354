"""Between a section of the portal settings on a page and the settings of the contract."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from domain.errors import ValidationFailed
from domain.money import Money, decimals
from portal.forms import Form
from portal.policy_words import SETTINGS, Kind

UNITS = {"minutes": 1, "hours": 60, "days": 1440}
_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,4})?", re.ASCII)


def fields_shown(names: Iterable[str], values: Mapping[str, Any]) -> dict[str, str]:
    """What the inputs of these settings hold; a checkbox that isn't checked is left out."""
    shown: dict[str, str] = {}
    for name in names:
        shown |= _shown(name, values[name])
    return shown


def _shown(name: str, value: Any) -> dict[str, str]:
    match SETTINGS[name].kind:
        case Kind.CHECK:
            return {name: "on"} if value else {}
        case Kind.NOTICE:
            unit = next(unit for unit in ("hours", "minutes") if value % UNITS[unit] == 0)
            return {name: str(value // UNITS[unit]), f"{name}_unit": unit}
        case Kind.LIST:
            return {name: ", ".join(str(one) for one in value)}
        case Kind.LINES:
            return {name: "\n".join(value)}
        case Kind.FEE:
            return {"amount": shown_amount(Money(**value)), "currency": value["currency"]} if value else {}
    return {} if value is None else {name: str(value)}


def values_from(names: Iterable[str], form: Form) -> dict[str, Any]:
    """The settings as they were typed. Raises ValidationFailed."""
    return {name: _value(name, form) for name in names}


def _value(name: str, form: Form) -> Any:
    match SETTINGS[name].kind:
        case Kind.CHECK:
            return form.has(name)
        case Kind.NOTICE:
            return _whole(name, form.text(name)) * UNITS.get(form.first(f"{name}_unit"), 1)
        case Kind.LIST:
            parts = form.text(name).replace(";", ",").split(",")
            return [_whole(name, part) for part in parts if part.strip()]
        case Kind.LINES:
            return [_website(line) for line in form.first(name).replace(",", " ").split()]
        case Kind.FEE:
            return _fee(form)
        case Kind.FORM:
            return form.first(name) or None
    text = form.text(name)
    return None if not text and not SETTINGS[name].needed else _whole(name, text)


def _website(typed: str) -> str:
    """The origin of what was copied from the address bar, or said without https://; the domain judges the rest."""
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
    except ValueError:
        return typed
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else typed


def _whole(name: str, text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise ValidationFailed.of(name, "must be a whole number")
    return int(text)


def _fee(form: Form) -> dict[str, Any] | None:
    text = form.text("amount")
    if not text:
        return None
    currency = form.first("currency") or "usd"
    minor = typed_amount(text, currency)
    if minor is None:
        raise ValidationFailed.of("amount", "must be an amount, such as 40.00")
    return {"amount_minor": minor, "currency": currency}


def typed_amount(text: str, currency: str) -> int | None:
    """An amount as people type it, in minor units; None where it isn't one of the currency."""
    text = text.strip().replace(",", ".").lstrip("$")
    minor = Decimal(text).scaleb(decimals(currency)) if _AMOUNT.fullmatch(text) else None
    return int(minor) if minor is not None and minor == minor.to_integral_value() else None


def shown_amount(fee: Money) -> str:
    """As it is typed into an input."""
    return str(Decimal(fee.amount_minor).scaleb(-decimals(fee.currency)))
