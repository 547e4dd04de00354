"""Random form definitions, random answers: accepted exactly when the rules, written down here a second time, allow."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ValidationFailed
from domain.signup_answers import check_signup
from domain.signup_fields import ALWAYS_ASKED, STANDARD_LABELS, STANDARD_TYPES
from domain.signup_form import parse_signup_form

TODAY = date(2026, 3, 1)
OPTIONS = ["Red", "Green", "Blue"]
# What an answer may be, with whether the rules take it; names, texts, e-mail and phone by their own alphabets.
GOOD_NAMES: list[Any] = ["Zoë", "O’Neil-Smith", "李小龍", "e\u0301va", "नरेंद्र"]
BAD_NAMES: list[Any] = ["4", "a\tb", "http://x", "x" * 101, "me@x", 7, ["a"]]
GOOD_TEXTS = ["x", "two words", "5", "é" * 500]
BAD_TEXTS = ["x" * 501, "a\nb", "a\x00", 5, True, {}, []]
GOOD: dict[str, list[Any]] = {
    "text": GOOD_TEXTS,
    "long_text": ["x", "a\nb\n\tc", "x" * 5000],
    "email": ["good@x.example"],
    "phone": ["+1 good"],
    "number": [0, 2, "3", "2.5", -1.0],
    "date": ["2024-02-29", "1700-01-01", "2999-12-31"],
    "yes_no": ["yes", "no", True, False, "on"],
    "choice": ["Red", "green"],
    "choices": [["Red"], "Blue", ["blue", "Red", ""], ["Green"] * 3],
    "consent": ["yes", True],
}
BAD: dict[str, list[Any]] = {
    "text": BAD_TEXTS,
    "long_text": ["x" * 5001, "a\x00", 5],
    "email": ["bad", 5],
    "phone": ["bad", 5],
    "number": ["two", True, float("nan"), 1e300, [1]],
    "date": ["2023-02-29", "29.02.2024", 2024],
    "yes_no": ["perhaps", 2],
    "choice": ["Pink", 5, ["Red"]],
    "choices": [["Red", "Pink"], [5], "Pink", {"Red": True}],
    "consent": ["perhaps", 2],
}
BLANK: list[Any] = [None, "", "  "]
REQUIRED_PARTS = {
    "address": {"line1": "text", "city": "text", "postal_code": "text"},
    "emergency_contact": {"name": "name", "phone": "phone"},
    "guardian": {"name": "name", "phone": "phone"},
    "insurance": {"carrier": "text", "member_id": "text"},
}
OPTIONAL_PARTS = {
    "address": {"line2": "text", "region": "text", "country": "text"},
    "emergency_contact": {"relationship": "text"},
    "guardian": {"relationship": "text", "email": "email"},
    "insurance": {},
}
BIRTHS = ["1899-12-31", "1900-01-01", "2008-02-29", "2008-03-01", "2008-03-02", "2026-02-28", "2026-03-01", "no"]
_MARKED = st.sampled_from(["absent", "blank", "good", "bad"])


def of_contact(kind: str) -> Any:
    def checked(value: str) -> str:
        if not value.startswith("good") and not value.startswith("+1 good"):
            raise ValueError(f"no {kind}")
        return value

    return checked


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    fields = []
    # Left to chance, hardly a form asks for the guardians of minors.
    guarded = draw(st.booleans())
    for key in draw(st.permutations(sorted(STANDARD_TYPES))):
        always = key in ALWAYS_ASKED or (guarded and key in ("guardian", "date_of_birth"))
        state = "required" if always else draw(st.sampled_from(["left out", "off", "shown", "required"]))
        if state != "left out":
            fields.append(_field(key, str(STANDARD_TYPES[key]), STANDARD_LABELS[key], state))
    for number, kind in enumerate(draw(st.lists(st.sampled_from(sorted(GOOD)), max_size=4))):
        state = draw(st.sampled_from(["off", "shown", "required"]))
        fields.append(_field(f"own_{number}", kind, f"Own {number}", state))
    return {"fields": fields}


def _field(key: str, kind: str, label: str, state: str) -> dict[str, Any]:
    field = {"key": key, "type": kind, "label": label, "enabled": state != "off", "required": state == "required"}
    return field | ({"options": OPTIONS} if kind in ("choice", "choices") else {})


def form_is_allowed(document: dict[str, Any]) -> bool:
    by_key = {field["key"]: field for field in document["fields"]}
    guardian, born = by_key.get("guardian"), by_key.get("date_of_birth")
    needs = guardian is not None and guardian["enabled"] and guardian["required"]
    return not needs or (born is not None and born["enabled"] and born["required"])


def is_minor(given: dict[str, Any]) -> bool:
    born = given.get("date_of_birth")
    try:
        day = date.fromisoformat(born) if isinstance(born, str) else None
    except ValueError:
        return False
    if day is None or not date(1900, 1, 1) <= day < TODAY:
        return False
    # 18 years on; a leap day's child comes of age on March 1.
    birthday = date(day.year + 18, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 18)
    return birthday - TODAY > timedelta(0)


@st.composite
def answered(draw: st.DrawFn, document: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Answers to the form, and the names of what the rules refuse."""
    given: dict[str, Any] = {"custom": {}}
    refused: set[str] = set()
    ordered = sorted(document["fields"], key=lambda field: str(field["key"] != "date_of_birth"))
    for field in ordered:
        key, kind = field["key"], field["type"]
        if kind == "group":
            value, wrong = draw(_group(field, minor=is_minor(given)))
        else:
            name = key if key in STANDARD_TYPES else f"custom.{key}"
            value, wrong = draw(_single(field, name))
        refused |= wrong
        if value is not _ABSENT:
            place = given if key in STANDARD_TYPES else given["custom"]
            place[key] = value
    return given, refused


_ABSENT = object()


@st.composite
def _single(draw: st.DrawFn, field: dict[str, Any], name: str) -> tuple[Any, set[str]]:
    key, kind = field["key"], field["type"]
    mark = draw(st.sampled_from(["good", "good", "good", "blank", "bad"]) if key == "date_of_birth" else _MARKED)
    good, bad = GOOD[kind], BAD[kind]
    if key in ("first_name", "last_name", "preferred_name"):
        good, bad = GOOD_NAMES, BAD_NAMES
    if key == "date_of_birth":
        good, bad = BIRTHS[1:6], [BIRTHS[0], *BIRTHS[6:], 5]
    blank = [*BLANK, [], [""]] if kind == "choices" else BLANK
    choices = {"absent": [_ABSENT], "blank": blank, "good": good, "bad": bad}
    value = draw(st.sampled_from(choices[mark]))
    if kind == "consent" and field["required"] and mark == "good":
        # To say no is an answer, but not one that a required consent takes.
        value = draw(st.sampled_from([*good, "no", False]))
        mark = "good" if value in ("yes", True) else "bad"
    nothing = mark in ("absent", "blank")
    wrong = (nothing and field["required"]) or mark == "bad" if field["enabled"] else not nothing
    return value, {name} if wrong else set()


@st.composite
def _group(draw: st.DrawFn, field: dict[str, Any], *, minor: bool) -> tuple[Any, set[str]]:
    key = field["key"]
    required = field["required"] and (key != "guardian" or minor)
    value: dict[str, Any] = {}
    marks: dict[str, str] = {}
    untouched = draw(st.booleans())
    for part, kind in (REQUIRED_PARTS[key] | OPTIONAL_PARTS[key]).items():
        mark = marks[part] = "absent" if untouched else draw(_MARKED)
        good = GOOD_NAMES if kind == "name" else GOOD[kind]
        bad = BAD_NAMES if kind == "name" else BAD[kind]
        if mark != "absent":
            value[part] = draw(st.sampled_from({"blank": BLANK, "good": good, "bad": bad}[mark]))
    anything = any(mark in ("good", "bad") for mark in marks.values())
    if not field["enabled"]:
        return value, {key} if anything else set()
    if not anything and not required:
        return value, set()
    missing = {f"{key}.{part}" for part in REQUIRED_PARTS[key] if marks[part] in ("absent", "blank")}
    return value, missing | {f"{key}.{part}" for part, mark in marks.items() if mark == "bad"}


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_answers_are_accepted_exactly_when_the_rules_allow(data: st.DataObject) -> None:
    document = data.draw(forms())
    try:
        form = parse_signup_form(document)
    except ValidationFailed:
        assert not form_is_allowed(document)
        return
    assert form_is_allowed(document)
    assert parse_signup_form(form.as_document()) == form
    given_answers, expected = data.draw(answered(document))
    try:
        check_signup(form, given_answers, TODAY, of_contact("email"), of_contact("phone"))
        refused: set[str] = set()
    except ValidationFailed as refusal:
        refused = {error.field for error in refusal.errors}
    assert refused == expected
