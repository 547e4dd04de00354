"""What is typed about a practice and its providers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ValidationFailed
from domain.practices import LONGEST_SLUG, check_details, check_provider, slug_of

PROVIDER = {"name": "Dr. Zoë Müller", "timezone": "Europe/Berlin"}
DETAILS = {"name": "Harbor", "phone": "+1 555-010-0100", "email": "Desk@Harbor.example", "country": "us"}


@given(st.text(max_size=300))
def test_an_address_made_of_a_name_is_one_or_nothing(name: str) -> None:
    slug = slug_of(name)
    assert slug == "" or re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", slug)
    assert len(slug) <= LONGEST_SLUG


def test_a_provider_without_an_address_gets_one_of_the_name() -> None:
    assert check_provider(PROVIDER).slug == "dr-zoe-muller"
    assert check_provider(PROVIDER | {"slug": "zoe"}).slug == "zoe"


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"slug": "Zoe Müller"}, ["slug"]),
        ({"slug": "-zoe"}, ["slug"]),
        ({"slug": "new"}, ["slug"]),
        ({"name": "王"}, ["slug"]),
        ({"timezone": "Mars/Olympus"}, ["timezone"]),
        ({"name": " ", "timezone": ""}, ["name", "timezone"]),
    ],
)
def test_what_is_wrong_with_a_provider_is_said_by_field(change: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_provider(PROVIDER | change)
    assert [one.field for one in refused.value.errors] == fields


def _phone(value: str, country: str) -> str:
    if not any(one.isdigit() for one in value):
        raise ValueError(f"isn't a number in {country}")
    return "normalised"


def test_details_are_tidied_and_the_phone_number_stays_as_it_was_typed() -> None:
    details = check_details(DETAILS, check_email=str, check_phone=_phone)
    assert (details.phone, details.email, details.country) == ("+1 555-010-0100", "desk@harbor.example", "US")


def test_all_that_is_wrong_with_a_practice_is_said_at_once() -> None:
    with pytest.raises(ValidationFailed) as refused:
        check_details({"country": "USA", "phone": "call us", "name": ""}, check_email=str, check_phone=_phone)
    assert {one.field for one in refused.value.errors} == {"name", "phone", "email", "country"}
