"""Are two clients of one provider the same person? Families share addresses, so an address alone says little."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.errors import Conflict, DomainError
from domain.stages import Stage


class Resemblance(StrEnum):
    NAME_AND_ADDRESS = "name_and_address"
    BIRTH_AND_ADDRESS = "birth_and_address"  # another first name: a nickname, or a twin
    NAME_AND_BIRTH = "name_and_birth"  # with another address
    ADDRESS = "address"  # a child or a partner, most likely

    @property
    def possible_duplicate(self) -> bool:
        return self is not Resemblance.ADDRESS


@dataclass(frozen=True, kw_only=True)
class Person:
    """What people are told apart by; `email` in lower case, and anything may be missing (empty, or None)."""

    first_name: str
    last_name: str
    email: str
    date_of_birth: date | None = None
    preferred_name: str | None = None


def resemblance(one: Person, other: Person) -> Resemblance | None:
    """None where nothing speaks for it. Symmetric."""
    same_birth = one.date_of_birth is not None and one.date_of_birth == other.date_of_birth
    if one.email and one.email == other.email:
        if _same_name(one, other):
            return Resemblance.NAME_AND_ADDRESS
        return Resemblance.BIRTH_AND_ADDRESS if same_birth else Resemblance.ADDRESS
    return Resemblance.NAME_AND_BIRTH if same_birth and _same_name(one, other) else None


def surely_known(one: Person, other: Person) -> bool:
    """So alike that somebody who signs up again is told so by mail: nothing that is known speaks against it."""
    births = {one.date_of_birth, other.date_of_birth} - {None}
    return resemblance(one, other) is Resemblance.NAME_AND_ADDRESS and len(births) <= 1


def _same_name(one: Person, other: Person) -> bool:
    last = _plain(one.last_name)
    return last == _plain(other.last_name) and bool(_called(one) & _called(other))


def _called(one: Person) -> set[str]:
    return {_plain(name) for name in (one.first_name, one.preferred_name or "")} - {""}


def _plain(name: str) -> str:
    """As it is compared: without case, accents and doubled blanks."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).split())


@dataclass(frozen=True, kw_only=True)
class Way:
    """How far one of the two has got; `appointment_ahead` is a held, a booked, or one that is being chosen."""

    client_id: str
    created_at: datetime
    stage: Stage
    has_account: bool
    appointment_ahead: bool = False


_FARTHER = [Stage.CLOSED, Stage.RECORDED, Stage.INVITED, Stage.ACCOUNT, Stage.INTAKE, Stage.READY, Stage.BOOKED]


def kept_of(one: Way, other: Way) -> Way:
    """Which of the two is proposed to be kept: who has got farther; of equals, who has been here longer."""

    def farther(way: Way) -> tuple[bool, bool, int]:
        return way.appointment_ahead, way.has_account, _FARTHER.index(way.stage)

    older, newer = sorted((one, other), key=lambda way: (way.created_at, way.client_id))
    return newer if farther(newer) > farther(older) else older


def closing_refusal(closed: Way) -> DomainError | None:
    """May this one be closed as the other's duplicate? Nobody loses a time, or money that is on its way."""
    if closed.appointment_ahead:
        return Conflict(
            "The one to be closed has an appointment ahead. Keep that one instead, or cancel the appointment first."
        )
    return None
