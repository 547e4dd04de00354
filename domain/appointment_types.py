"""Appointment types: what a client can book with a provider, for how long and for which fee."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from domain.document_reader import MISSING, DocumentReader
from domain.errors import Conflict, ValidationFailed
from domain.money import Money
from domain.policy import PortalPolicy, checked_settings
from domain.policy_levels import Source

LONGEST_NAME = 60
MOST_OPEN = 20
MOST = 200  # archived ones included: they stay for the sake of the appointments that are of them
_MEMBERS = ("name",)
_OPTIONAL = ("id", "minutes", "fee_rule", "fee", "archived")


class FeeRule(StrEnum):
    """Which fee an appointment of a type has, where *Require fee prior to scheduling* is on."""

    SETTINGS = "settings"  # the one of the portal settings
    NONE = "none"
    OWN = "own"


@dataclass(frozen=True, kw_only=True)
class AppointmentType:
    """`name` is shown to clients, inside the portal only; without `minutes` it is as long as the settings say."""

    id: str
    name: str
    minutes: int | None = None
    fee_rule: FeeRule = FeeRule.SETTINGS
    fee: Money | None = None
    archived: bool = False

    def under(self, policy: PortalPolicy, sources: Mapping[str, Source]) -> PortalPolicy:
        """The settings as they are for this type. A fee that was agreed with one client takes the place of any fee."""
        if self.minutes is not None:
            policy = replace(policy, appointment_minutes=self.minutes)
        if self.fee_rule is FeeRule.NONE:
            return replace(policy, require_fee=False)
        if self.fee_rule is FeeRule.OWN and sources.get("fee") is not Source.CLIENT:
            return replace(policy, fee=self.fee)
        return policy

    def as_document(self) -> dict[str, Any]:
        fee = {"amount_minor": self.fee.amount_minor, "currency": self.fee.currency} if self.fee else None
        return {
            "id": self.id,
            "name": self.name,
            "minutes": self.minutes,
            "fee_rule": str(self.fee_rule),
            "fee": fee,
            "archived": self.archived,
        }


# Whoever has never heard of types has this one, all of it from the portal settings.
STANDARD = AppointmentType(id="standard", name="Appointment")


@dataclass(frozen=True, kw_only=True)
class AppointmentTypes:
    """A provider's, in the order in which clients see them. At least one isn't archived."""

    types: tuple[AppointmentType, ...] = field(default=(STANDARD,))

    @property
    def open(self) -> tuple[AppointmentType, ...]:
        return tuple(one for one in self.types if not one.archived)

    @property
    def default(self) -> AppointmentType:
        """What is booked where nobody chooses: the first."""
        return self.open[0]

    @property
    def several(self) -> bool:
        """Whether there is anything to choose; where there isn't, nobody is told of types."""
        return len(self.open) > 1

    @property
    def told_apart(self) -> bool:
        """Whether there are appointments that differ in it, perhaps of types that are no longer offered."""
        return len(self.types) > 1

    @property
    def without_fee(self) -> tuple[str, ...]:
        return tuple(one.id for one in self.types if one.fee_rule is FeeRule.NONE)

    def find(self, type_id: str) -> AppointmentType | None:
        return next((one for one in self.types if one.id == type_id), None)

    def name_of(self, type_id: str) -> str:
        """For those who look at an appointment; empty where there is nothing to tell apart."""
        found = self.find(type_id)
        return found.name if found is not None and self.told_apart else ""

    def chosen(self, type_id: str | None) -> AppointmentType:
        """The one that is booked. Raises ValidationFailed where there is none, Conflict where it was archived."""
        if type_id is None:
            return self.default
        found = self.find(type_id)
        if found is None:
            raise ValidationFailed.of("type", "isn't one of the provider's appointment types")
        if found.archived:
            raise Conflict("This kind of appointment isn't offered any more. Please choose another one.", type=found.id)
        return found

    def as_document(self) -> dict[str, Any]:
        return {"types": [one.as_document() for one in self.types]}


def read_types(document: Mapping[str, Any]) -> AppointmentTypes:
    """As they were saved."""
    return AppointmentTypes(types=tuple(_saved(one) for one in document["types"]))


def _saved(one: Mapping[str, Any]) -> AppointmentType:
    fee = Money(**one["fee"]) if one["fee"] else None
    return AppointmentType(**{**one, "fee_rule": FeeRule(one["fee_rule"]), "fee": fee})


def changed_types(
    before: AppointmentTypes, document: Mapping[str, object], fresh: Callable[[], str]
) -> AppointmentTypes:
    """What a new document makes of the types; one without an id is new, and gets a `fresh` one.

    Types that it doesn't name aren't lost, but archived: appointments may be of them. Raises ValidationFailed naming
    each path.
    """
    reader = DocumentReader()
    members = reader.members(document, "", ("types",))
    known = {one.id for one in before.types}
    read = _TypeReader(reader, known, fresh)
    found = reader.several(members["types"], "types", MOST, read.type)
    kept = [one for _, one in found]
    ids = {one.id for one in kept}
    left = [replace(one, archived=True) for one in before.types if one.id not in ids]
    after = AppointmentTypes(types=(*kept, *left))
    _check_together(reader, found, after)
    if reader.errors:
        raise ValidationFailed(reader.errors)
    return after


def _check_together(reader: DocumentReader, found: list[tuple[str, AppointmentType]], after: AppointmentTypes) -> None:
    names: set[str] = set()
    ids: set[str] = set()
    for path, one in found:
        name = one.name.casefold()
        if not one.archived and name in names:
            reader.refuse(f"{path}.name", "is the name of another type already")
        if one.id in ids:
            reader.refuse(f"{path}.id", "has been given before")
        ids.add(one.id)
        names |= set() if one.archived else {name}
    if reader.errors:
        return
    if not after.open:
        reader.refuse("types", "must keep one that isn't archived")
    if len(after.open) > MOST_OPEN:
        reader.refuse("types", f"has more than {MOST_OPEN} that aren't archived")
    if len(after.types) > MOST:
        reader.refuse("types", f"has more than {MOST} entries, archived ones included")


class _TypeReader:
    """Reads one type; everything that is wrong with it is gathered by the document's reader."""

    def __init__(self, reader: DocumentReader, known: Collection[str], fresh: Callable[[], str]) -> None:
        self._reader = reader
        self._known = known
        self._fresh = fresh

    def type(self, value: object, path: str) -> AppointmentType | None:
        reader = self._reader
        about = reader.members(value, path, _MEMBERS, _OPTIONAL)
        name = reader.text(about["name"], f"{path}.name", LONGEST_NAME)
        if isinstance(about["name"], str) and not about["name"].strip():
            reader.refuse(f"{path}.name", "is needed")
        rule = self._rule(about["fee_rule"], f"{path}.fee_rule")
        return AppointmentType(
            id=self._id(about["id"], f"{path}.id"),
            name=name,
            minutes=self._checked("appointment_minutes", about["minutes"], f"{path}.minutes"),
            fee_rule=rule,
            fee=self._fee(rule, about["fee"], f"{path}.fee"),
            archived=self._archived(about["archived"], f"{path}.archived"),
        )

    def _id(self, value: object, path: str) -> str:
        if value is MISSING or value is None:
            return self._fresh()
        if not isinstance(value, str) or value not in self._known:
            self._reader.refuse(path, "isn't one of the provider's; leave it out for a new type")
            return ""
        return value

    def _rule(self, value: object, path: str) -> FeeRule:
        try:
            return FeeRule.SETTINGS if value is MISSING else FeeRule(str(value))
        except ValueError:
            self._reader.refuse(path, f"must be one of {', '.join(FeeRule)}")
            return FeeRule.SETTINGS

    def _fee(self, rule: FeeRule, value: object, path: str) -> Money | None:
        """For the rule that it is for: under any other it would be lost without a word."""
        if rule is not FeeRule.OWN:
            if value is not MISSING and value is not None:
                self._reader.refuse(path, f"is only for the fee_rule {FeeRule.OWN}")
            return None
        fee: Money | None = self._checked("fee", value, path)
        if fee is None:
            if not any(error.field == path for error in self._reader.errors):
                self._reader.refuse(path, "is needed for a fee of its own")
        elif fee.amount_minor == 0:
            self._reader.refuse(path, "must be more than nothing; say that it has no fee instead")
        return fee

    def _archived(self, value: object, path: str) -> bool:
        if value is MISSING or isinstance(value, bool):
            return value is True
        self._reader.refuse(path, "must be true or false")
        return False

    def _checked(self, setting: str, value: object, path: str) -> Any:
        """By the rules of the portal setting that it takes the place of."""
        if value is MISSING or value is None:
            return None
        try:
            return checked_settings({setting: value})[setting]
        except ValidationFailed as error:
            self._reader.refuse(path, error.errors[0].message)
            return None
