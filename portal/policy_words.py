"""The portal settings as people know them: their sections, names, help, and their values in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.policy import CURRENCIES as CURRENCIES
from domain.policy_levels import SETTINGS_AT, Source
from portal.wording import money, span


class Kind(StrEnum):
    """How a setting is put in."""

    CHECK = "check"
    NUMBER = "number"
    NOTICE = "notice"  # minutes, put in as minutes, hours or days
    LIST = "list"  # whole numbers
    LINES = "lines"
    FEE = "fee"
    FORM = "form"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """`unit` is what is counted: one and several."""

    kind: Kind
    label: str
    hint: str = ""
    unit: tuple[str, str] = ("", "")
    needed: bool = True


@dataclass(frozen=True, kw_only=True)
class Section:
    """One card of the page, saved by itself."""

    id: str
    title: str
    help: str
    names: tuple[str, ...]

    def names_at(self, level: Source) -> tuple[str, ...]:
        return tuple(name for name in self.names if name in SETTINGS_AT[level])


_MINUTES, _HOURS, _DAYS = ("minute", "minutes"), ("hour", "hours"), ("day", "days")
SETTINGS: dict[str, Setting] = {
    "page_published": Setting(kind=Kind.CHECK, label="The page is published"),
    "website_origins": Setting(
        kind=Kind.LINES,
        label="Your own websites",
        hint="One address per line, such as https://www.example.com: their pages may show the sign-up form and send "
        "sign-ups.",
        needed=False,
    ),
    "clients_can_cancel": Setting(kind=Kind.CHECK, label="Clients can cancel online"),
    "cancel_notice_minutes": Setting(kind=Kind.NOTICE, label="At least this long before the appointment"),
    "allow_anonymous_signup": Setting(
        kind=Kind.CHECK,
        label="Allow anonymous signup",
        hint="With a published page, “I'm a New Client” leads to the sign-up form, and the client is invited "
        "automatically. Unchecked, the page says how to get in touch instead.",
    ),
    "allow_self_schedule": Setting(
        kind=Kind.CHECK,
        label="Allow clients to self-schedule",
        hint="Unchecked, clients see their appointments and you book for them.",
    ),
    "appointment_minutes": Setting(
        kind=Kind.NUMBER, label="Minutes per appointment", unit=_MINUTES, hint="How long a visit takes."
    ),
    "slot_step_minutes": Setting(
        kind=Kind.NUMBER,
        label="Minutes between starts",
        unit=_MINUTES,
        hint="60: times on the hour, where your hours begin on the hour.",
    ),
    "buffer_minutes": Setting(
        kind=Kind.NUMBER, label="Free minutes after each", unit=_MINUTES, hint="Nothing begins within them. 0: none."
    ),
    "booking_horizon_days": Setting(
        kind=Kind.NUMBER, label="Days ahead", unit=_DAYS, hint="How far ahead clients see times."
    ),
    "min_notice_minutes": Setting(
        kind=Kind.NOTICE,
        label="Not later than this before the appointment",
        hint="Later than that, you can still book for them. 0: until it begins.",
    ),
    "max_simultaneous_appointments": Setting(
        kind=Kind.NUMBER,
        label="Max simultaneous appointments",
        hint="How many may run at the same time. 1 is the norm in health care.",
    ),
    "max_upcoming_appointments": Setting(
        kind=Kind.NUMBER, label="Max upcoming appointments", hint="Per client. Empty: no limit.", needed=False
    ),
    "require_fee": Setting(
        kind=Kind.CHECK,
        label="Require fee prior to scheduling",
        hint="The client pays in Bill Pay first; the appointment stands once it is paid.",
    ),
    "fee": Setting(kind=Kind.FEE, label="Fee", hint="Such as 40.00. 0: nothing is asked.", needed=False),
    "fee_deposit_percent": Setting(
        kind=Kind.NUMBER,
        label="Part of it to pay online (percent)",
        hint="100: all of it. Less: a deposit; clients are told that the rest is paid at the visit.",
        unit=("percent", "percent"),
    ),
    "fee_first_visit_only": Setting(
        kind=Kind.CHECK,
        label="For the first visit only",
        hint="Clients with an appointment that stands, or who have been here, book without it.",
    ),
    "refund_full_minutes": Setting(
        kind=Kind.NOTICE,
        label="All of it goes back until this long before the appointment",
        hint="0: until it begins. Clients can cancel online only as long as “Clients can cancel appointments” says.",
    ),
    "refund_part_percent": Setting(
        kind=Kind.NUMBER,
        label="Later than that, this part of it (percent)",
        hint="0: nothing.",
        unit=("percent", "percent"),
    ),
    "refund_part_minutes": Setting(
        kind=Kind.NOTICE,
        label="… until this long before; after that, nothing",
        hint="Counts only where a part goes back.",
    ),
    "hold_minutes": Setting(
        kind=Kind.NUMBER,
        label="Minutes a time is held",
        unit=_MINUTES,
        hint="While the client pays. Unpaid by then, it is offered to others again.",
    ),
    "waitlist_offer_minutes": Setting(
        kind=Kind.NUMBER,
        label="Minutes a freed time is kept for one client",
        unit=_MINUTES,
        hint="For the first whom it suits, then for the next. At least 5. 0: no waitlist.",
    ),
    "intake_form_id": Setting(
        kind=Kind.FORM,
        label="Form",
        hint="Forms that are marked as selectable in your record system.",
        needed=False,
    ),
    "require_intake": Setting(kind=Kind.CHECK, label="Require it before self-scheduling"),
    "send_greeting": Setting(
        kind=Kind.CHECK,
        label="Send it automatically to clients who signed up anonymously",
        hint="To those you invite it goes only when you press Send New Client Forms.",
    ),
    "invitation_days": Setting(
        kind=Kind.NUMBER,
        label="Days an invitation is valid",
        unit=_DAYS,
        hint="After that its link stops, and the client can ask for a new one.",
    ),
    "invitation_reminder_days": Setting(
        kind=Kind.LIST, label="Reminders after (days)", hint="Such as 3, 7. Empty: none.", unit=_DAYS, needed=False
    ),
    "reminder_hours": Setting(
        kind=Kind.LIST,
        label="Appointment reminders (hours before)",
        hint="Such as 24. Empty: none.",
        unit=_HOURS,
        needed=False,
    ),
}
SECTIONS: tuple[Section, ...] = (
    Section(
        id="website",
        title="Publishing",
        help="Whether people find your page, and which websites of yours may show the sign-up form.",
        names=("page_published", "website_origins"),
    ),
    Section(
        id="cancelling",
        title="Clients can cancel appointments",
        help="You can always cancel. What becomes of a fee is under “When a client cancels”.",
        names=("clients_can_cancel", "cancel_notice_minutes"),
    ),
    Section(id="anonymous-signup", title="Allow anonymous signup", help="", names=("allow_anonymous_signup",)),
    Section(
        id="self-schedule",
        title="Allow clients to self-schedule",
        help="",
        names=(
            *("allow_self_schedule", "appointment_minutes", "slot_step_minutes", "buffer_minutes"),
            *("booking_horizon_days", "min_notice_minutes"),
        ),
    ),
    Section(
        id="limits",
        title="Max appointments",
        help="",
        names=("max_simultaneous_appointments", "max_upcoming_appointments"),
    ),
    Section(
        id="fee",
        title="Require fee prior to scheduling",
        help="",
        names=("require_fee", "fee", "fee_deposit_percent", "fee_first_visit_only", "hold_minutes"),
    ),
    Section(
        id="refunds",
        title="When a client cancels: the fee",
        help="For clients who cancel online. If you cancel, all of it goes back; if a client doesn't come, it is kept. "
        "Clients are held to the rule that they were shown when they paid.",
        names=("refund_full_minutes", "refund_part_percent", "refund_part_minutes"),
    ),
    Section(
        id="waitlist",
        title="Waitlist",
        help="Clients can ask to be told when a time frees up. It is kept for the one who asked first, who gets a "
        "mail. At night by the client's clock nobody is asked.",
        names=("waitlist_offer_minutes",),
    ),
    Section(
        id="intake",
        title="Intake form",
        help="Part of anonymous signup. Answers land in the client's record, never in an email.",
        names=("intake_form_id", "require_intake"),
    ),
    Section(id="send-greeting", title="Send email greeting", help="", names=("send_greeting",)),
    Section(
        id="invitations",
        title="Invitations and reminders",
        help="",
        names=("invitation_days", "invitation_reminder_days", "reminder_hours"),
    ),
)
SECTION_OF = {name: section for section in SECTIONS for name in section.names}
_SOURCES = {
    Source.DEFAULT: "Portico's default",
    Source.PRACTICE: "the practice's settings",
    Source.PROVIDER: "the provider's settings",
    Source.CLIENT: "this client's own settings",
}


def source_in_words(source: Source) -> str:
    return _SOURCES[source]


def full_name(name: str) -> str:
    """Where the label alone would leave open what it is about."""
    section, label = SECTION_OF[name], SETTINGS[name].label
    return label if label == section.title else f"{section.title}: {label[0].lower()}{label[1:]}"


def in_words(name: str, value: Any) -> str:
    """A value as the contract's document has it, for people."""
    setting = SETTINGS[name]
    match setting.kind:
        case Kind.CHECK:
            return "on" if value else "off"
        case Kind.FEE:
            return money(value["amount_minor"], value["currency"]) if value else "none"
        case Kind.FORM:
            return "a form" if value else "no form"
        case Kind.NOTICE:
            return span(value)
        case Kind.LINES:
            return ", ".join(value) or "none"
        case Kind.LIST:
            return f"{_several(value)} {setting.unit[1]}" if value else "none"
    if value is None:
        return "no limit"
    return f"{value:,} {setting.unit[value != 1]}".strip()


def _several(values: Sequence[int]) -> str:
    shown = [str(value) for value in values]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
