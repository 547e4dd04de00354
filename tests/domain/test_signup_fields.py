"""Groups, guardians, lists and limits of the sign-up form; phones by country; and what is kept of a consent."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest

from domain.errors import ValidationFailed
from domain.signup_answers import check_signup, is_minor, sealed_part
from domain.signup_form import SignupForm, default_signup_form, parse_signup_form
from gateways.contact_checks import LibraryContactChecks
from tests.domain.test_signup_form import ADA, CHECKS, TODAY, check, custom, document, form, refused, refused_form

HOME = {"line1": "12 Elm St", "city": "Springfield", "postal_code": "12345"}
MOTHER = {"name": "Anne Byron", "relationship": "mother", "phone": "212 555 0199"}


def test_a_group_is_asked_whole_once_any_of_it_is_given() -> None:
    home = form(address=False)
    assert check(home, ADA).details == {}
    assert check(home, ADA | {"address": {"line1": " ", "city": ""}}).details == {}
    assert check(home, ADA | {"address": HOME | {"line2": ""}}).details == {"address": HOME}
    assert refused(home, ADA | {"address": {"city": "Springfield"}}) == ["address.line1", "address.postal_code"]
    assert refused(home, ADA | {"address": "12 Elm St"}) == ["address"]
    assert refused(home, ADA | {"address": HOME | {"planet": "Earth"}}) == ["address.planet"]
    assert refused(home, ADA | {"address": HOME | {"city": ["Springfield"]}}) == ["address.city"]


def test_a_required_group_names_each_part_that_is_missing() -> None:
    assert refused(form(insurance=True), ADA) == ["insurance.carrier", "insurance.member_id"]
    assert refused(form(emergency_contact=True), ADA | {"emergency_contact": {"name": "12", "phone": "x"}}) == [
        "emergency_contact.name",
        "emergency_contact.phone",
    ]


def test_a_group_that_is_switched_off_is_refused_by_its_name() -> None:
    assert refused(form(), ADA | {"insurance": {"carrier": "Acme"}}) == ["insurance"]
    assert check(form(), ADA | {"insurance": {"carrier": ""}}).details == {}


@pytest.mark.parametrize(
    ("born", "needed"),
    [("2008-12-02", True), ("2008-12-01", False), ("2008-11-30", False), ("2020-01-01", True), ("1950-01-01", False)],
)
def test_a_guardian_is_required_of_those_under_eighteen_only(born: str, needed: bool) -> None:
    asked = form(date_of_birth=True, guardian=True)
    given = ADA | {"date_of_birth": born}
    if needed:
        assert refused(asked, given) == ["guardian.name", "guardian.phone"]
    else:
        assert check(asked, given).details == {}
    answers = check(asked, given | {"guardian": MOTHER})
    assert answers.details == {"guardian": MOTHER | {"phone": "+12125550199"}}


def test_who_was_born_on_a_leap_day_comes_of_age_on_the_first_of_march() -> None:
    assert is_minor(date(2008, 2, 29), date(2026, 2, 28))
    assert not is_minor(date(2008, 2, 29), date(2026, 3, 1))


def test_a_guardian_cannot_be_required_without_the_date_of_birth() -> None:
    asked = document(guardian=True, date_of_birth=False)
    index = [field["key"] for field in asked["fields"]].index("guardian")
    assert refused_form(asked) == [f"fields[{index}].required"]
    assert refused_form(document(guardian=True)) == [f"fields[{index}].required"]
    assert parse_signup_form(document(guardian=True, date_of_birth=True))


@pytest.mark.parametrize(
    ("field", "path"),
    [
        (custom("x", "group"), ".type"),
        (custom("x", "choices"), ".options"),
        (custom("x", "number", min="1"), ".min"),
        (custom("x", "number", min=3, max=2), ".max"),
        (custom("x", "number", min=True), ".min"),
        (custom("x", "number", max=float("inf")), ".max"),
        (custom("x", "text", max=5), ".max"),
        (custom("x", "text", help="h" * 501), ".help"),
        (custom("x", "text", section=5), ".section"),
    ],
)
def test_a_wrong_addition_to_a_field_is_refused_by_its_path(field: dict[str, Any], path: str) -> None:
    fields = document()["fields"]
    assert refused_form({"fields": [*fields, field]})[0] == f"fields[{len(fields)}]{path}"


def test_some_of_many_are_kept_once_each_in_the_forms_order() -> None:
    pets = form(custom("pets", "choices", required=True, options=["Cat", "Dog", "Bird"]))
    given = {"custom": {"pets": ["dog", "", "Cat", "Dog"]}}
    assert check(pets, ADA | given).custom == {"pets": ["Cat", "Dog"]}
    assert check(pets, ADA | {"custom": {"pets": "Bird"}}).custom == {"pets": ["Bird"]}
    for wrong in (None, [], [""], ["Cat", "Fish"], ["Cat", 1], {"Cat": "yes"}, ["Cat"] * 50):
        assert refused(pets, ADA | {"custom": {"pets": wrong}}) == ["custom.pets"]


def test_a_number_outside_its_limits_is_refused_with_the_limit() -> None:
    children = form(custom("children", "number", min=0, max=9.5))
    assert check(children, ADA | {"custom": {"children": "9,5"}}).custom == {"children": 9.5}
    for wrong, limit in ((-1, "at least 0"), ("10", "at most 9.5")):
        with pytest.raises(ValidationFailed) as refusal:
            check(children, ADA | {"custom": {"children": wrong}})
        assert limit in refusal.value.errors[0].message


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("US", "(212) 555-0123", "+12125550123"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("DE", "030 901820", "+4930901820"),
        ("DE", "+1 212 555 0123", "+12125550123"),
    ],
)
def test_a_phone_without_a_country_code_belongs_to_the_practices_country(country: str, typed: str, kept: str) -> None:
    assert CHECKS.phone(typed, country) == kept


def test_a_wrong_phone_is_answered_with_an_example_of_the_country() -> None:
    for country, example in (("US", "(201) 555-0123"), ("GB", "0121 234 5678")):
        with pytest.raises(ValueError, match="Please check this phone number") as refusal:
            LibraryContactChecks().phone("12", country)
        assert example in str(refusal.value)


def test_a_consent_is_kept_with_its_text_its_hash_and_the_version() -> None:
    terms = "I agree to telehealth.\nI can withdraw at any time – any day."
    asked = form(custom("terms", "consent", label=terms), custom("news", "consent"), custom("more", "consent"))
    answers = check(asked, ADA | {"custom": {"terms": "on", "news": False}})
    kept = sealed_part(asked, 7, answers)
    assert kept is not None
    expected = hashlib.sha256(terms.encode()).hexdigest()
    assert kept["consents"]["terms"] == {"given": True, "text": terms, "sha256": expected, "form_version": 7}
    assert kept["consents"]["news"]["given"] is False
    assert set(kept["consents"]) == {"terms", "news"}


def test_nothing_is_sealed_where_only_contact_data_was_given() -> None:
    asked: SignupForm = form(preferred_name=False, pronouns=False)
    answers = check_signup(
        asked,
        ADA | {"preferred_name": "Addie", "pronouns": "she/her"},
        TODAY,
        CHECKS.email,
        lambda value: CHECKS.phone(value, "US"),
    )
    assert (answers.preferred_name, answers.pronouns) == ("Addie", "she/her")
    assert sealed_part(asked, 1, answers) is None


def test_help_and_sections_survive_the_round_trip_and_are_left_out_when_empty() -> None:
    one = custom("x", "number", help="How many?", section="At home", min=1, max=3)
    assert parse_signup_form(document(one)).by_key["x"].as_document() == one
    assert set(default_signup_form().as_document()["fields"][0]) == {"key", "type", "label", "enabled", "required"}
