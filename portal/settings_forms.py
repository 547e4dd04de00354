"""Between the sections of the settings page and the documents of the contract."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from domain.availability import WEEKDAYS
from domain.errors import FieldError, ValidationFailed
from domain.money import Money
from domain.states import SettingsKind
from portal.forms import Form

Document = dict[str, Any]

# Every section of the page, and the document that it is a part of.
SECTIONS: dict[str, SettingsKind] = {
    "page": SettingsKind.PAGE,
    "website": SettingsKind.PORTAL_SETTINGS,
    "cancelling": SettingsKind.PORTAL_SETTINGS,
    "anonymous-signup": SettingsKind.PORTAL_SETTINGS,
    "self-schedule": SettingsKind.PORTAL_SETTINGS,
    "limits": SettingsKind.PORTAL_SETTINGS,
    "fee": SettingsKind.PORTAL_SETTINGS,
    "intake": SettingsKind.PORTAL_SETTINGS,
    "send-greeting": SettingsKind.PORTAL_SETTINGS,
    "invitations": SettingsKind.PORTAL_SETTINGS,
    "greeting": SettingsKind.GREETING,
    "availability": SettingsKind.AVAILABILITY,
}
_CHECKBOXES = {
    "website": ("page_published",),
    "cancelling": ("clients_can_cancel",),
    "anonymous-signup": ("allow_anonymous_signup",),
    "self-schedule": ("allow_self_schedule",),
    "fee": ("require_fee",),
    "intake": ("require_intake",),
    "send-greeting": ("send_greeting",),
}
_NUMBERS = {
    "cancelling": ("cancel_notice_minutes",),
    "self-schedule": (
        "min_notice_minutes",
        "booking_horizon_days",
        "appointment_minutes",
        "slot_step_minutes",
        "buffer_minutes",
    ),
    "limits": ("max_simultaneous_appointments", "max_upcoming_appointments"),
    "fee": ("hold_minutes",),
    "invitations": ("invitation_days",),
}
_LISTS = {"invitations": ("invitation_reminder_days", "reminder_hours")}
_NOTICES = ("cancel_notice_minutes", "min_notice_minutes")
_UNITS = {"minutes": 1, "hours": 60, "days": 1440}
_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,4})?", re.ASCII)
_INTERVAL = re.compile(r"(\d{1,2}:\d{2})\s*(?:-|–|to)\s*(\d{1,2}:\d{2})")


def fields_shown(section: str, document: Document) -> dict[str, str]:
    """What the section's inputs hold; a checkbox that isn't checked is left out."""
    reader = _SHOWN.get(SECTIONS[section])
    if reader is not None:
        return reader(document)
    values = {name: "on" for name in _CHECKBOXES.get(section, ()) if document[name]}
    for name in _NUMBERS.get(section, ()):
        values |= _number_shown(name, document[name])
    for name in _LISTS.get(section, ()):
        values[name] = ", ".join(str(one) for one in document[name])
    if section == "website":
        values["website_origins"] = "\n".join(document["website_origins"])
    if section == "fee" and document["fee"]:
        values["currency"] = document["fee"]["currency"]
        values["amount"] = _amount_shown(Money(**document["fee"]))
    if section == "intake" and document["intake_form_id"]:
        values["intake_form_id"] = document["intake_form_id"]
    return values


def document_from(section: str, form: Form) -> Document:
    """The document to save: for portal settings only what the section shows. Raises ValidationFailed."""
    match SECTIONS[section]:
        case SettingsKind.PAGE:
            return {name: form.text(name) for name in ("name", "title", "intro", "contact")}
        case SettingsKind.GREETING:
            ids = form.values.get("attachment", [])
            body = form.first("body").replace("\r\n", "\n")
            return {"subject": form.text("subject"), "body": body, "attachments": [{"id": one} for one in ids]}
        case SettingsKind.AVAILABILITY:
            return _availability(form)
    return _portal_settings(section, form)


def _portal_settings(section: str, form: Form) -> Document:
    document: Document = {name: form.has(name) for name in _CHECKBOXES.get(section, ())}
    for name in _NUMBERS.get(section, ()):
        document[name] = _number(form, name)
    for name in _LISTS.get(section, ()):
        document[name] = [_whole(name, part) for part in form.text(name).replace(";", ",").split(",") if part.strip()]
    if section == "website":
        document["website_origins"] = [line.strip().rstrip("/") for line in form.first("website_origins").split()]
    if section == "fee":
        document["fee"] = _fee(form)
    if section == "intake":
        document["intake_form_id"] = form.first("intake_form_id") or None
    return document


def _number_shown(name: str, value: int | None) -> dict[str, str]:
    if value is None:
        return {name: ""}
    if name not in _NOTICES:
        return {name: str(value)}
    unit = next(unit for unit in ("hours", "minutes") if value % _UNITS[unit] == 0)
    return {name: str(value // _UNITS[unit]), f"{name}_unit": unit}


def _number(form: Form, name: str) -> int | None:
    text = form.text(name)
    if not text and name == "max_upcoming_appointments":
        return None
    number = _whole(name, text)
    return number * _UNITS.get(form.first(f"{name}_unit"), 1) if name in _NOTICES else number


def _whole(name: str, text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise ValidationFailed.of(name, "must be a whole number")
    return int(text)


def _fee(form: Form) -> Document | None:
    text = form.text("amount").replace(",", ".").lstrip("$")
    if not text:
        return None
    currency = form.first("currency") or "usd"
    factor = 1 if currency == "jpy" else 100
    minor = Decimal(text) * factor if _AMOUNT.fullmatch(text) else None
    if minor is None or minor != minor.to_integral_value():
        raise ValidationFailed.of("amount", "must be an amount, such as 40.00")
    return {"amount_minor": int(minor), "currency": currency}


def _amount_shown(fee: Money) -> str:
    return str(fee.amount_minor) if fee.currency == "jpy" else f"{Decimal(fee.amount_minor) / 100:.2f}"


def _availability(form: Form) -> Document:
    errors: list[FieldError] = []
    weekly = []
    for weekday in WEEKDAYS:
        weekly += [{"weekday": str(weekday), **one} for one in _intervals(str(weekday), form.text(weekday), errors)]
    overrides = []
    for line in form.first("overrides").splitlines():
        day, _, hours = line.partition(" ")
        if line.strip():
            overrides.append({"date": day.strip(" :"), "intervals": _intervals("overrides", hours.strip(), errors)})
    if errors:
        raise ValidationFailed(errors)
    return {"timezone": form.text("timezone"), "weekly": weekly, "overrides": overrides}


def _intervals(field: str, text: str, errors: list[FieldError]) -> list[Document]:
    if not text or text.lower() in ("closed", "-"):
        return []
    found = []
    for part in text.split(","):
        match = _INTERVAL.fullmatch(part.strip())
        if match is None:
            errors.append(FieldError(field=field, message=f"“{part.strip()[:30]}” isn't hours such as 09:00-12:00"))
        else:
            found.append({"start": match[1].zfill(5), "end": match[2].zfill(5)})
    return found


def _availability_shown(document: Document) -> dict[str, str]:
    days: dict[str, list[str]] = {str(weekday): [] for weekday in WEEKDAYS}
    for opening in document["weekly"]:
        days[opening["weekday"]].append(_hours(opening))
    lines = [
        f"{one['date']} {', '.join(_hours(interval) for interval in one['intervals']) or 'closed'}"
        for one in document["overrides"]
    ]
    hours = {day: ", ".join(parts) for day, parts in days.items()}
    return {"timezone": document["timezone"], "overrides": "\n".join(lines), **hours}


def _hours(interval: Document) -> str:
    return f"{interval['start']}-{interval['end']}"


def _greeting_shown(document: Document) -> dict[str, str]:
    chosen = {f"attachment.{one['id']}": "on" for one in document["attachments"]}
    return {"subject": document["subject"], "body": document["body"], **chosen}


_SHOWN: dict[SettingsKind, Callable[[Document], dict[str, str]]] = {
    SettingsKind.PAGE: dict,
    SettingsKind.GREETING: _greeting_shown,
    SettingsKind.AVAILABILITY: _availability_shown,
}
