"""Random questionnaires, answers and nonsense."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from domain.errors import ValidationFailed
from domain.questionnaire import parse_questionnaire
from domain.questionnaire_forms import draft_from_form, form_values, response_from_form
from domain.questionnaire_items import ItemType
from domain.questionnaire_submission import without_blanks
from domain.questionnaire_validation import asked_items, check_response, read_response
from domain.questionnaire_values import Value
from gateways.fhir_forms import validate_questionnaire
from tests.domain.evaluator import Evaluator, Place, items_of
from tests.domain.questionnaires import FHIR, SEED, document, response
from tests.domain.random_forms import forms_and_responses, questionnaires

EASTERN = ZoneInfo("America/New_York")


@settings(max_examples=400)
@given(forms_and_responses())
def test_random_answers_are_accepted_exactly_when_the_rules_allow(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    questionnaire, given_response = parse_questionnaire(both[0]), both[1]
    errors = check_response(questionnaire, json.loads(json.dumps(given_response)))
    event("accepted" if not errors else "refused")
    assert (errors == []) == Evaluator(*both).accepts(), errors


@settings(max_examples=400)
@given(forms_and_responses())
def test_conditions_decide_as_an_independent_evaluation_does(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    questionnaire = parse_questionnaire(both[0])
    reading = read_response(questionnaire, both[1])
    assume(not reading.errors)
    judge = Evaluator(*both)
    expected = {name_of(place): judge.enabled(place) for place in judge.places()}
    event("conditions" if not all(expected.values()) else "no conditions")
    assert asked_items(reading.questionnaire, reading.values) == expected


def name_of(place: Place) -> str:
    return f"{place[0]}--{place[1]}" if place[1] > 1 else place[0]


@given(forms_and_responses())
def test_what_is_submitted_has_every_answer_and_no_instance_without_one(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    questionnaire = parse_questionnaire(both[0])
    assume(not check_response(questionnaire, both[1]))
    submitted = without_blanks(questionnaire, both[1])
    assert check_response(questionnaire, submitted) == []
    judge, before = Evaluator(both[0], submitted), Evaluator(*both)
    event("instances left out" if judge.instances != before.instances else "nothing left out")
    assert list(judge.answers.values()) == list(before.answers.values())
    for link_id, count in judge.instances.items():
        within = {one["linkId"] for one, _ in items_of([judge.items[link_id][0]])}
        assert {number for one, number in judge.answers if one in within} == set(range(1, count + 1))


@given(questionnaires())
def test_a_questionnaire_survives_import_export_and_import(made: dict[str, Any]) -> None:
    text = json.dumps(made)
    assert validate_questionnaire(json.loads(text)) == []
    out = parse_questionnaire(json.loads(text)).as_document()
    assert json.dumps(out) == text
    assert parse_questionnaire(out).items == parse_questionnaire(made).items


@given(forms_and_responses())
def test_what_was_accepted_goes_through_the_html_form_and_back(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    questionnaire = parse_questionnaire(both[0])
    assume(not check_response(questionnaire, both[1]))
    shown = form_values(questionnaire, both[1], EASTERN)
    again, errors = response_from_form(questionnaire, shown, EASTERN)
    assert errors == []
    before, after = (read_response(questionnaire, one).values for one in (both[1], again))
    assert {one: _keys(before[one]) for one in before} == {one: _keys(after[one]) for one in after}


def _keys(values: list[Value]) -> list[str]:
    """What the answers mean; own words stand last in a form, and moments are told in its zone."""
    return sorted(
        (repr(value.key.astimezone(UTC) if isinstance(value.key, datetime) else value.key)) for value in values
    )


@given(
    forms_and_responses(),
    st.dictionaries(
        st.sampled_from([f"q{n}{suffix}" for n in range(1, 9) for suffix in ("", "--2", "--instances")]),
        st.lists(st.text(max_size=6) | st.sampled_from("023")),
    ),
)
def test_a_draft_keeps_what_is_right_and_names_the_rest(
    both: tuple[dict[str, Any], dict[str, Any]], typed: dict[str, list[str]]
) -> None:
    questionnaire = parse_questionnaire(both[0])
    form = form_values(questionnaire, both[1]) | typed
    draft, errors = draft_from_form(questionnaire, form)
    assert check_response(questionnaire, draft, partial=True) == []
    if not errors:
        assert draft == response_from_form(questionnaire, form)[0]


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
