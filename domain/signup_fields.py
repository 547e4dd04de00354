"""What a sign-up form is made of: the kinds of field, the standard fields, and the parts of those that have parts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FieldType(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    NUMBER = "number"
    YES_NO = "yes_no"
    CONSENT = "consent"
    GROUP = "group"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One answer within a group; `required` once anything of the group is given."""

    key: str
    label: str
    type: FieldType = FieldType.TEXT
    required: bool = False
    is_name: bool = False
    autocomplete: str = ""


STANDARD_TYPES = {
    "first_name": FieldType.TEXT,
    "last_name": FieldType.TEXT,
    "preferred_name": FieldType.TEXT,
    "pronouns": FieldType.TEXT,
    "date_of_birth": FieldType.DATE,
    "email": FieldType.EMAIL,
    "phone": FieldType.PHONE,
    "address": FieldType.GROUP,
    "preferred_contact": FieldType.CHOICE,
    "emergency_contact": FieldType.GROUP,
    "guardian": FieldType.GROUP,
    "insurance": FieldType.GROUP,
    "reason_for_contact": FieldType.LONG_TEXT,
    "referral_source": FieldType.TEXT,
}
# Without these nobody could be invited.
ALWAYS_ASKED = ("first_name", "last_name", "email")
NAMES = ("first_name", "last_name", "preferred_name")
# Kept on the client; every other answer is sealed.
CONTACT_FIELDS = (*NAMES, "pronouns", "date_of_birth", "email", "phone", "preferred_contact")
STANDARD_LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "preferred_name": "Preferred name",
    "pronouns": "Pronouns",
    "date_of_birth": "Date of birth",
    "email": "Email",
    "phone": "Phone",
    "address": "Address",
    "preferred_contact": "How should we reach you?",
    "emergency_contact": "Emergency contact",
    "guardian": "Parent or guardian",
    "insurance": "Insurance",
    "reason_for_contact": "What brings you here?",
    "referral_source": "How did you hear about us?",
}
CONTACT_WAYS = ("email", "phone", "text")

_PERSON = (
    Part(key="name", label="Name", required=True, is_name=True),
    Part(key="relationship", label="Relationship"),
    Part(key="phone", label="Phone", type=FieldType.PHONE, required=True),
)
PARTS: dict[str, tuple[Part, ...]] = {
    "address": (
        Part(key="line1", label="Street address", required=True, autocomplete="address-line1"),
        Part(key="line2", label="Apartment, unit", autocomplete="address-line2"),
        Part(key="city", label="City", required=True, autocomplete="address-level2"),
        Part(key="region", label="State or region", autocomplete="address-level1"),
        Part(key="postal_code", label="Postal code", required=True, autocomplete="postal-code"),
        Part(key="country", label="Country", autocomplete="country-name"),
    ),
    "emergency_contact": _PERSON,
    "guardian": (*_PERSON, Part(key="email", label="Email", type=FieldType.EMAIL)),
    "insurance": (
        Part(key="carrier", label="Insurance carrier", required=True),
        Part(key="member_id", label="Member ID", required=True),
    ),
}


@dataclass(frozen=True, kw_only=True)
class SignupField:
    """One field; `options` are those of a choice, and the label of a consent is the text that is agreed to.

    Fields that follow each other under the same `section` are shown together. `minimum` and `maximum` are a number's.
    """

    key: str
    type: FieldType
    label: str
    enabled: bool
    required: bool
    options: tuple[str, ...] = ()
    help: str = ""
    section: str = ""
    minimum: int | float | None = None
    maximum: int | float | None = None

    @property
    def is_standard(self) -> bool:
        return self.key in STANDARD_TYPES

    @property
    def name(self) -> str:
        """How errors and page inputs call it: custom fields are `custom.<key>`, parts `<key>.<part>`."""
        return self.key if self.is_standard else f"custom.{self.key}"

    @property
    def parts(self) -> tuple[Part, ...]:
        return PARTS[self.key] if self.type is FieldType.GROUP else ()

    def as_document(self) -> dict[str, Any]:
        """What is empty is left out."""
        document: dict[str, Any] = {
            "key": self.key,
            "type": str(self.type),
            "label": self.label,
            "enabled": self.enabled,
            "required": self.required,
        }
        if self.type in (FieldType.CHOICE, FieldType.CHOICES):
            document["options"] = list(self.options)
        more = {"help": self.help, "section": self.section, "min": self.minimum, "max": self.maximum}
        return document | {name: value for name, value in more.items() if value not in ("", None)}


def standard_field(key: str, *, enabled: bool = False) -> SignupField:
    """As a new practice has it."""
    return SignupField(
        key=key,
        type=STANDARD_TYPES[key],
        label=STANDARD_LABELS[key],
        enabled=enabled or key in ALWAYS_ASKED,
        required=key in ALWAYS_ASKED,
        options=CONTACT_WAYS if key == "preferred_contact" else (),
    )
