"""What is typed about a practice and its providers, checked: names, addresses of pages, ways to reach them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.availability import is_timezone
from domain.errors import FieldError, ValidationFailed
from domain.texts import clean_text

LONGEST_NAME, LONGEST_SLUG, LONGEST_PHONE, LONGEST_LABEL = 100, 40, 40, 60
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_COUNTRY = re.compile(r"[A-Z]{2}")
# Words that stand in the place of a provider in addresses of our own.
_RESERVED = {"new"}


@dataclass(frozen=True, kw_only=True)
class PracticeDetails:
    """`email` is the front desk's, `country` (ISO 3166) the one of phone numbers without a country code."""

    name: str
    phone: str
    email: str
    country: str = "US"


@dataclass(frozen=True, kw_only=True)
class NewProvider:
    """`slug` is the address of the provider's page, `timezone` the zone that their hours will be in."""

    name: str
    slug: str
    timezone: str


class _Fields:
    """Reads fields one by one, and says all that is wrong at once."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.errors: list[FieldError] = []

    def read(
        self, name: str, longest: int, check: Callable[[str], str] = lambda value: value, missing: str = "is needed"
    ) -> str:
        try:
            value = clean_text(self._given.get(name, ""), longest)
            if not value:
                raise ValueError(missing)
            return check(value)
        except ValueError as error:
            self.errors.append(FieldError(field=name, message=str(error)))
            return ""


def check_details(
    given: Mapping[str, str], *, check_email: Callable[[str], str], check_phone: Callable[[str, str], str]
) -> PracticeDetails:
    """The phone number stays as it was typed: people group its digits as they are used to. Raises ValidationFailed."""
    fields = _Fields(given)
    country = fields.read("country", 2, _country)

    def phone(value: str) -> str:
        check_phone(value, country or "US")
        return value

    details = PracticeDetails(
        name=fields.read("name", LONGEST_NAME),
        phone=fields.read("phone", LONGEST_PHONE, phone),
        email=fields.read("email", 254, lambda value: check_email(value).lower()),
        country=country,
    )
    if fields.errors:
        raise ValidationFailed(fields.errors)
    return details


def check_provider(given: Mapping[str, str]) -> NewProvider:
    """Without a `slug`, one is made of the name. Raises ValidationFailed."""
    fields = _Fields({**given, "slug": given.get("slug", "").strip() or slug_of(given.get("name", ""))})
    name = fields.read("name", LONGEST_NAME)
    # Of a name that is missing nothing can be made: that is said once.
    unmade = "is needed, since none can be made of the name: in letters from a to z, such as jane-doe"
    slug = fields.read("slug", LONGEST_SLUG, _slug, unmade) if name else ""
    new = NewProvider(name=name, slug=slug, timezone=fields.read("timezone", 60, _timezone))
    if fields.errors:
        raise ValidationFailed(fields.errors)
    return new


def slug_of(name: str) -> str:
    """`Dr. Zoë Müller` becomes `dr-zoe-muller`; empty where no letter of a plain address is left."""
    plain = unicodedata.normalize("NFKD", name[:200]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-")


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError("may have small letters, digits and hyphens only, such as jane-doe")
    if value in _RESERVED:
        raise ValueError("is kept for Portico's own pages: please choose another")
    return value


def _country(value: str) -> str:
    if not _COUNTRY.fullmatch(value.upper()):
        raise ValueError("must be a country's two letters, such as US")
    return value.upper()


def _timezone(value: str) -> str:
    if not is_timezone(value):
        raise ValueError("isn't a time zone, such as America/New_York")
    return value
