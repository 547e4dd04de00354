"""The portal settings: what each may be, and the defaults of a new practice."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from domain.errors import FieldError, ValidationFailed
from domain.holds import LONGEST_HOLD
from domain.money import Money
from domain.refunds import ALL_OF_IT, RefundTerms, part_of
from domain.slots import SlotRules
from domain.texts import shown_name


@dataclass(frozen=True, kw_only=True)
class PortalPolicy:
    """The portal settings in force; the field names are those of the contract, minutes and days as named."""

    page_published: bool = True
    clients_can_cancel: bool = True
    cancel_notice_minutes: int = 1440
    allow_anonymous_signup: bool = True
    website_origins: tuple[str, ...] = ()
    allow_self_schedule: bool = True
    max_simultaneous_appointments: int = 1
    max_upcoming_appointments: int | None = None
    require_fee: bool = False
    fee: Money | None = None
    fee_deposit_percent: int = ALL_OF_IT
    fee_first_visit_only: bool = False
    refund_full_minutes: int = 0
    refund_part_percent: int = 0
    refund_part_minutes: int = 0
    require_intake: bool = False
    intake_form_id: str | None = None
    send_greeting: bool = False
    min_notice_minutes: int = 0
    booking_horizon_days: int = 90
    appointment_minutes: int = 50
    slot_step_minutes: int = 60
    buffer_minutes: int = 0
    hold_minutes: int = 30
    waitlist_offer_minutes: int = 60
    invitation_days: int = 14
    invitation_reminder_days: tuple[int, ...] = (3, 7)
    reminder_hours: tuple[int, ...] = (24,)

    @property
    def due_fee(self) -> Money | None:
        """What a new client pays before an appointment stands; None where nothing is due (switched off, or zero)."""
        return self.fee_due(returning=False)

    def fee_due(self, *, returning: bool) -> Money | None:
        """The same for a client who may have been here before: all of the fee, or the part asked as a deposit."""
        if not self.require_fee or self.fee is None or self.fee.amount_minor == 0:
            return None
        return None if returning and self.fee_first_visit_only else part_of(self.fee, self.fee_deposit_percent)

    @property
    def refund_terms(self) -> RefundTerms:
        return RefundTerms(
            full_minutes=self.refund_full_minutes,
            part_percent=self.refund_part_percent,
            part_minutes=self.refund_part_minutes,
        )

    def slot_rules(self) -> SlotRules:
        return SlotRules(
            appointment_minutes=self.appointment_minutes,
            slot_step_minutes=self.slot_step_minutes,
            buffer_minutes=self.buffer_minutes,
            capacity=self.max_simultaneous_appointments,
            min_notice_minutes=self.min_notice_minutes,
            horizon_days=self.booking_horizon_days,
        )

    def as_document(self) -> dict[str, Any]:
        return documented({field.name: getattr(self, field.name) for field in fields(self)})


def documented(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by name as the contract's document has them: money as an object, lists as lists."""
    return {name: _documented(value) for name, value in values.items()}


def _documented(value: object) -> object:
    if isinstance(value, Money):
        return {"amount_minor": value.amount_minor, "currency": value.currency}
    return list(value) if isinstance(value, tuple) else value


DEFAULTS = PortalPolicy()
_ORIGIN = re.compile(r"(https?)://[a-z0-9.-]+(:\d{1,5})?", re.ASCII)
_USUAL_PORTS = {"http": ":80", "https": ":443"}
CURRENCIES = ("usd", "cad", "eur", "gbp", "aud", "nzd", "chf", "jpy", "kwd")


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _integer(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("must be a whole number")
        if not low <= value <= high:
            raise ValueError(f"must be between {low} and {high}")
        return value

    return check


def _optional(check: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else check(value)


def _offer_minutes(value: object) -> int:
    """None at all, or long enough to be answered."""
    return 0 if value == 0 and not isinstance(value, bool) else _integer(5, 1440)(value)


def _several(check: Callable[[object], Any], most: int) -> Callable[[object], tuple[Any, ...]]:
    def checked(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list")
        if len(value) > most:
            raise ValueError(f"has more than {most} entries")
        return tuple(check(entry) for entry in value)

    return checked


def _origin(value: object) -> str:
    """As browsers write it (RFC 6454 6.2): it stands in headers, and is compared with theirs."""
    found = _ORIGIN.fullmatch(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be an origin such as https://www.example.com, without a path")
    return found[0].removesuffix(_USUAL_PORTS[found[1]])


def _money(value: object) -> Money:
    if not isinstance(value, Mapping) or set(value) != {"amount_minor", "currency"}:
        raise ValueError("must be an amount_minor and a currency")
    amount, currency = value["amount_minor"], value["currency"]
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= 10_000_000:
        raise ValueError("amount_minor must be a whole number between 0 and 10,000,000")
    if not isinstance(currency, str) or currency.lower() not in CURRENCIES:
        raise ValueError(f"currency must be one of {', '.join(CURRENCIES)}")
    fee = Money(amount_minor=amount, currency=currency.lower())
    if amount % fee.payable_step:
        raise ValueError(f"amount_minor must end in 0: amounts in {fee.currency} are charged in steps of ten")
    return fee


def _text(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 100:
        raise ValueError("must be a short text")
    return value


_CHECKS: dict[str, Callable[[object], Any]] = {
    "page_published": _boolean,
    "clients_can_cancel": _boolean,
    "cancel_notice_minutes": _integer(0, 60 * 24 * 90),
    "allow_anonymous_signup": _boolean,
    "website_origins": _several(_origin, 20),
    "allow_self_schedule": _boolean,
    "max_simultaneous_appointments": _integer(1, 1000),
    "max_upcoming_appointments": _optional(_integer(1, 1000)),
    "require_fee": _boolean,
    "fee": _optional(_money),
    "fee_deposit_percent": _integer(1, ALL_OF_IT),
    "fee_first_visit_only": _boolean,
    "refund_full_minutes": _integer(0, 60 * 24 * 90),
    "refund_part_percent": _integer(0, 99),
    "refund_part_minutes": _integer(0, 60 * 24 * 90),
    "require_intake": _boolean,
    "intake_form_id": _optional(_text),
    "send_greeting": _boolean,
    "min_notice_minutes": _integer(0, 60 * 24 * 90),
    "booking_horizon_days": _integer(1, 730),
    "appointment_minutes": _integer(5, 1440),
    "slot_step_minutes": _integer(5, 1440),
    "buffer_minutes": _integer(0, 480),
    "hold_minutes": _integer(1, LONGEST_HOLD // timedelta(minutes=1)),
    "waitlist_offer_minutes": _offer_minutes,
    "invitation_days": _integer(1, 90),
    "invitation_reminder_days": _several(_integer(1, 90), 10),
    "reminder_hours": _several(_integer(1, 24 * 14), 10),
}


def checked_settings(document: Mapping[str, object], allowed: Collection[str] | None = None) -> dict[str, Any]:
    """The named settings by name, as `PortalPolicy` holds them.

    Raises ValidationFailed naming every field that is unknown, of a wrong type or out of range, or that isn't one of
    `allowed`, those of the level that it is saved at.
    """
    errors: list[FieldError] = []
    values: dict[str, Any] = {}
    for name, value in document.items():
        check = _CHECKS.get(name)
        if check is None:
            errors.append(FieldError(field=shown_name(name), message="is not a portal setting"))
            continue
        if allowed is not None and name not in allowed:
            errors.append(FieldError(field=name, message="can't be set at this level"))
            continue
        try:
            values[name] = check(value)
        except ValueError as error:
            errors.append(FieldError(field=name, message=str(error)))
    if errors:
        raise ValidationFailed(errors)
    return values


def contradictions(policy: PortalPolicy) -> list[FieldError]:
    """The combinations that make no sense by themselves: a required fee without an amount, and the like."""
    errors: list[FieldError] = []
    if policy.require_fee and policy.fee is None:
        errors.append(FieldError(field="fee", message="is needed when a fee is required"))
    if policy.refund_part_percent > 0 and policy.refund_part_minutes >= policy.refund_full_minutes:
        message = "must be shorter than the time until which all of it goes back"
        errors.append(FieldError(field="refund_part_minutes", message=message))
    if policy.require_intake and policy.intake_form_id is None:
        errors.append(FieldError(field="intake_form_id", message="is needed when the intake form is required"))
    if any(day >= policy.invitation_days for day in policy.invitation_reminder_days):
        errors.append(FieldError(field="invitation_reminder_days", message="must fall before the invitation ends"))
    return errors
