"""The sign-up form: its document, and the answers that it accepts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ValidationFailed
from domain.signup_answers import SignupAnswers, check_signup
from domain.signup_fields import ALWAYS_ASKED, STANDARD_TYPES, FieldType
from domain.signup_form import SignupForm, default_signup_form, parse_signup_form
from gateways.contact_checks import LibraryContactChecks

TODAY = date(2026, 12, 1)
CHECKS = LibraryContactChecks(test_domains=True)
ADA: dict[str, object] = {"first_name": "Ada", "last_name": "Lovelace", "email": "Ada@Example.com"}


def document(*custom: dict[str, Any], **enabled: bool) -> dict[str, Any]:
    """The default form with some standard fields switched on (True: required too), and custom fields."""
    fields = default_signup_form().as_document()["fields"]
    for field in fields:
        if field["key"] in enabled:
            field |= {"enabled": True, "required": enabled[field["key"]]}
    return {"fields": [*fields, *custom]}


def custom(key: str, kind: str, *, required: bool = False, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "label": key, "enabled": True, "required": required} | more


def form(*fields: dict[str, Any], **enabled: bool) -> SignupForm:
    return parse_signup_form(document(*fields, **enabled))


def check(some_form: SignupForm, fields: object) -> SignupAnswers:
    return check_signup(some_form, fields, TODAY, CHECKS.email, lambda value: CHECKS.phone(value, "US"))  # type: ignore[arg-type]


def refused(some_form: SignupForm, fields: object) -> list[str]:
    with pytest.raises(ValidationFailed) as refusal:
        check(some_form, fields)
    return [error.field for error in refusal.value.errors]


def refused_form(some_document: object) -> list[str]:
    with pytest.raises(ValidationFailed) as refusal:
        parse_signup_form(some_document)  # type: ignore[arg-type]
    return [error.field for error in refusal.value.errors]


EVERYTHING = form(
    custom("referred_by", "text"),
    custom("reason", "long_text"),
    custom("other_email", "email"),
    custom("other_phone", "phone"),
    custom("since", "date"),
    custom("where", "choice", options=["At home", "In person"]),
    custom("children", "number"),
    custom("insured", "yes_no"),
    custom("terms", "consent", required=True),
    date_of_birth=False,
    preferred_contact=False,
)


def test_a_document_survives_the_round_trip() -> None:
    assert parse_signup_form(EVERYTHING.as_document()) == EVERYTHING
    assert parse_signup_form({"version": 3, **default_signup_form().as_document()}) == default_signup_form()


@pytest.mark.parametrize("key", ALWAYS_ASKED)
def test_what_is_always_asked_cannot_be_switched_off_or_left_out(key: str) -> None:
    for name in ("enabled", "required"):
        changed = document()
        index = [field["key"] for field in changed["fields"]].index(key)
        changed["fields"][index][name] = False
        assert refused_form(changed) == [f"fields[{index}].{name}"]
    assert refused_form({"fields": [field for field in document()["fields"] if field["key"] != key]}) == [key]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("text", ""),
        ({}, ".key"),
        (custom("Referred", "text"), ".key"),
        (custom("a" * 41, "text"), ".key"),
        (custom("phone", "phone"), ".key"),
        (custom("x", "select"), ".type"),
        (custom("x", "text", label=" "), ".label"),
        (custom("x", "text", label="a\x00b"), ".label"),
        (custom("x", "text", enabled="yes"), ".enabled"),
        (custom("x", "text", hint=""), ".hint"),
        (custom("x", "text", options=["a"]), ".options"),
        (custom("x", "choice"), ".options"),
        (custom("x", "choice", options=[]), ".options"),
        (custom("x", "choice", options=["a", 5]), ".options[1]"),
        (custom("x", "choice", options=["a", "A "]), ".options"),
    ],
)
def test_a_wrong_field_is_refused_by_its_path(field: object, path: str) -> None:
    assert refused_form({"fields": [*document()["fields"], field]})[0] == f"fields[{len(STANDARD_TYPES)}]{path}"


def test_a_standard_field_keeps_its_type() -> None:
    changed = document()
    changed["fields"][3]["type"] = "text"
    assert refused_form(changed) == ["fields[3].type"]


def test_a_whole_sign_up_is_accepted_and_normalised() -> None:
    answers = check(
        EVERYTHING,
        ADA
        | {
            "first_name": "  Ada Zoë ",
            "phone": "(212) 555-0123",
            "date_of_birth": "1990-05-31",
            "preferred_contact": "Email",
            "custom": {
                "referred_by": "a friend",
                "reason": "one\r\ntwo",
                "other_email": "X@Example.com",
                "other_phone": "+44 20 7946 0958",
                "since": "2026-01-01",
                "where": "At home",
                "children": "2",
                "insured": "yes",
                "terms": True,
            },
        },
    )
    assert answers == SignupAnswers(
        first_name="Ada Zoë",
        last_name="Lovelace",
        email="ada@example.com",
        phone="+12125550123",
        date_of_birth=date(1990, 5, 31),
        preferred_contact="email",
        custom={
            "referred_by": "a friend",
            "reason": "one\ntwo",
            "other_email": "x@example.com",
            "other_phone": "+442079460958",
            "since": "2026-01-01",
            "where": "At home",
            "children": 2,
            "insured": True,
            "terms": True,
        },
    )


@pytest.mark.parametrize("name", ["Łukasz", "山田", "O'Brien-Smith", "محمد", "नरेंद्र", "J. R.", "می‌خواهم"])
def test_names_of_any_script_are_accepted(name: str) -> None:
    assert check(form(), ADA | {"first_name": name}).first_name == name


@pytest.mark.parametrize(
    "name", ["", "  ", "a\nb", "a\x00", "\ud800", "a‮b", "x" * 101, "12", "see http://x.io", "me@x.io", 5, ["a"], {}]
)
def test_what_is_no_name_is_refused(name: object) -> None:
    assert refused(form(), ADA | {"first_name": name}) == ["first_name"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ada"),
        ("email", "ada@localhost"),
        ("email", "ada@example.com\nBcc: x@example.com"),
        ("phone", "555"),
        ("phone", "555-0123"),
        ("phone", "call me"),
        ("date_of_birth", "2026-12-01"),
        ("date_of_birth", "1899-12-31"),
        ("date_of_birth", "1990-02-30"),
        ("date_of_birth", "31.05.1990"),
        ("preferred_contact", "pigeon"),
    ],
)
def test_wrong_answers_to_standard_fields_are_refused(field: str, value: object) -> None:
    assert refused(form(phone=True, date_of_birth=True, preferred_contact=True), _complete() | {field: value}) == [
        field
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("referred_by", "x" * 501),
        ("children", "two"),
        ("children", True),
        ("children", float("nan")),
        ("children", 1e300),
        ("insured", "perhaps"),
        ("since", 2026),
        ("where", "on the moon"),
        ("other_email", "x"),
    ],
)
def test_wrong_answers_to_custom_fields_are_refused(key: str, value: object) -> None:
    assert refused(EVERYTHING, ADA | {"custom": {"terms": "on", key: value}}) == [f"custom.{key}"]


def test_a_required_consent_must_be_given() -> None:
    for given_consent in ({}, {"terms": False}, {"terms": ""}):
        assert refused(EVERYTHING, ADA | {"custom": given_consent}) == ["custom.terms"]


def test_every_mistake_is_told_at_once() -> None:
    wrong = {"first_name": " ", "email": "x", "shoe_size": 5, "date_of_birth": "1990-01-01", "custom": {"y": 1}}
    assert refused(form(phone=True), wrong) == [
        "shoe_size",
        "date_of_birth",
        "custom.y",
        "first_name",
        "last_name",
        "email",
        "phone",
    ]


def test_blank_optional_answers_are_no_answers_even_to_what_is_switched_off() -> None:
    answers = check(
        form(custom("x", "choice", options=["a"])), ADA | {"phone": "", "date_of_birth": "", "custom": {"x": ""}}
    )
    assert (answers.phone, answers.date_of_birth, answers.custom) == (None, None, {})


def _complete() -> dict[str, object]:
    return ADA | {"phone": "+12125550123", "date_of_birth": "1990-05-31", "preferred_contact": "email"}


_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(["yes", "1990-05-31", "a@example.com", "+12125550123", "At home", "\ud800"]),
)
_sent = st.dictionaries(
    st.sampled_from([*STANDARD_TYPES, "custom", "x"]),
    _values
    | st.dictionaries(st.sampled_from([field.key for field in EVERYTHING.fields]) | st.text(max_size=3), _values),
)


@given(_values | _sent)
def test_bad_answers_raise_nothing_but_a_refusal_that_can_be_sent(fields: object) -> None:
    try:
        answers = check(EVERYTHING, fields)
        assert answers.email.count("@") == 1
    except ValidationFailed as refusal:
        assert refusal.errors
        for error in refusal.errors:
            (error.field + error.message).encode("utf-8")


_entry = st.fixed_dictionaries(
    {},
    optional={
        "key": st.sampled_from(["x", "email", "first_name"]) | _values,
        "type": st.sampled_from(list(FieldType)) | _values,
        "label": _values,
        "enabled": _values,
        "required": _values,
        "options": _values | st.lists(_values, max_size=3),
    },
)


@given(_values | st.fixed_dictionaries({}, optional={"fields": _values | st.lists(_entry | _values, max_size=4)}))
def test_a_bad_form_raises_nothing_but_a_refusal(anything: object) -> None:
    try:
        parse_signup_form(anything)  # type: ignore[arg-type]
    except ValidationFailed as refusal:
        assert refusal.errors
