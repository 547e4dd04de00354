"""Random questionnaires, answers and nonsense."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ValidationFailed
from domain.questionnaire import parse_questionnaire
from domain.questionnaire_forms import check_form, form_values, response_from_form
from domain.questionnaire_items import OTHER_SUFFIX, Item, ItemType
from domain.questionnaire_validation import check_response
from gateways.fhir_forms import validate_questionnaire
from tests.domain.questionnaires import FHIR, SEED, codes, document, fields, item, response, when

_SAFE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=8
).filter(
    lambda text: not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") and text.strip() == text
)
_TYPED: dict[ItemType, st.SearchStrategy[str]] = {
    ItemType.BOOLEAN: st.sampled_from(["true", "false"]),
    ItemType.DECIMAL: st.integers(-999, 999).map(str) | st.decimals(-999, 999, places=2).map(str),
    ItemType.INTEGER: st.integers(-999, 999).map(str),
    ItemType.DATE: st.dates().map(str),
    ItemType.DATE_TIME: st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M").rjust(16, "0")),
    ItemType.TIME: st.times().map(lambda one: one.strftime("%H:%M")),
    ItemType.STRING: _SAFE,
    ItemType.TEXT: _SAFE,
    ItemType.URL: st.just("https://example.com"),
    ItemType.CHOICE: st.sampled_from(["a", "b"]),
    ItemType.OPEN_CHOICE: st.sampled_from(["a", "b"]) | _SAFE,
}


@st.composite
def questionnaires(draw: st.DrawFn) -> dict[str, Any]:
    count = 0
    booleans: list[str] = []

    def one(depth: int) -> dict[str, Any]:
        nonlocal count
        count += 1
        kinds = [kind for kind in ItemType if depth < 2 or kind is not ItemType.GROUP]
        kind = draw(st.sampled_from(kinds))
        made = item(f"q{count}", str(kind))
        if kind in _TYPED:
            made["required"] = draw(st.booleans())
            made["repeats"] = kind is not ItemType.BOOLEAN and draw(st.booleans())
        if kind in (ItemType.CHOICE, ItemType.OPEN_CHOICE):
            made["answerOption"] = codes("a", "b")
        conditional = draw(st.booleans())
        if booleans and conditional:
            source = draw(st.sampled_from(booleans))
            made["enableWhen"] = [when(source, draw(st.sampled_from(["=", "!="])), answerBoolean=draw(st.booleans()))]
        if kind is ItemType.BOOLEAN:
            booleans.append(made["linkId"])
        if kind is ItemType.GROUP:
            made["item"] = [one(depth + 1) for _ in range(draw(st.integers(0, 3)))]
        return made

    return document(*(one(0) for _ in range(draw(st.integers(1, 6)))))


def _expected_asked(items: tuple[Item, ...], form: Mapping[str, list[str]], outer: bool, seen: dict[str, bool]) -> None:
    """An independent reading of the conditions: sources always stand before what depends on them here."""
    for one in items:
        asked = outer
        for condition in one.conditions:
            answer = form.get(condition.question, [""])[0] if seen[condition.question] else ""
            equal = answer == ("true" if condition.answer.key else "false")
            asked = asked and (equal if condition.operator == "=" else not equal)
        seen[one.link_id] = asked
        _expected_asked(one.items, form, asked, seen)


@given(questionnaires(), st.data())
def test_random_forms_and_answers_are_accepted_exactly_when_the_rules_allow(
    some_document: dict[str, Any], data: st.DataObject
) -> None:
    questionnaire = parse_questionnaire(json.loads(json.dumps(some_document)))
    assert questionnaire.as_document() == some_document
    form: dict[str, list[str]] = {}
    for one in questionnaire.flat:
        if one.item.type in _TYPED and data.draw(st.booleans(), label=one.item.link_id):
            most = 3 if one.item.repeats else 1
            form[one.item.link_id] = data.draw(st.lists(_TYPED[one.item.type], min_size=1, max_size=most, unique=True))
    asked: dict[str, bool] = {}
    _expected_asked(questionnaire.items, form, True, asked)
    made, errors = check_form(questionnaire, form, partial=False)
    unanswered = [one.item.link_id for one in questionnaire.flat if one.item.required and one.item.link_id not in form]
    assert fields(errors) == [link_id for link_id in unanswered if asked[link_id]]
    assert check_response(questionnaire, json.loads(json.dumps(made)), partial=True) == []
    shown = form_values(questionnaire, made)
    assert {name.removesuffix(OTHER_SUFFIX) for name in shown} == {name for name in form if asked[name]}
    assert response_from_form(questionnaire, shown) == (made, [])


_PARTS = ["item", "answerOption", "enableWhen", "initial", "extension", "required", "maxLength", "prefix"]
_MEMBERS = [*_PARTS, "linkId", "type", "text", "answer", "question", "operator", "answerBoolean", "enableBehavior"]
_MEMBERS += ["valueString", "valueCoding", "valueDecimal", "valueDate", "url", "code", "coding", "title", "repeats"]
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        [*ItemType, "Questionnaire", "QuestionnaireResponse", "a", "b", "\ud800", "2026-01-01", FHIR + "regex"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_MEMBERS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
_ITEMS = st.lists(
    st.fixed_dictionaries(
        {"linkId": st.sampled_from("abc"), "type": st.sampled_from(list(ItemType))},
        optional=dict.fromkeys(_PARTS, _JSON),
    ),
    max_size=3,
)


@given(_JSON, _ITEMS)
def test_bad_questionnaires_raise_nothing_but_a_refusal_that_can_be_sent(anything: Any, items: Any) -> None:
    for some_document in (anything, document() | {"item": anything}, document() | {"item": items}):
        for check in (validate_questionnaire, parse_questionnaire):
            try:
                check(some_document)
            except ValidationFailed as refusal:
                assert refusal.errors
                for error in refusal.errors:
                    (error.field + error.message).encode("utf-8")


SEEDED = parse_questionnaire(SEED)


@given(
    _JSON,
    st.lists(st.fixed_dictionaries({"linkId": st.sampled_from([*SEEDED.by_link_id]), "answer": _JSON, "item": _JSON})),
)
def test_bad_responses_and_forms_raise_nothing(anything: Any, items: Any) -> None:
    for some_response in (anything, response() | {"item": anything}, response(*items)):
        for error in check_response(SEEDED, some_response, partial=True):
            (error.field + error.message).encode("utf-8")
        form_values(SEEDED, some_response)


@given(
    st.dictionaries(
        st.sampled_from([*SEEDED.by_link_id, "pronouns--other", "x"]), st.lists(st.text(max_size=12), max_size=3)
    )
)
def test_whatever_a_browser_sends_becomes_a_response_or_errors(form: dict[str, list[str]]) -> None:
    made, errors = response_from_form(SEEDED, form)
    left = check_response(SEEDED, made, partial=True)
    assert {error.field for error in left}.isdisjoint({error.field for error in errors})
    json.dumps(made).encode("utf-8")
