"""Responses: which are accepted, which are refused, and what is asked."""

from __future__ import annotations

from typing import Any

import pytest

from domain.questionnaire_forms import response_from_form
from domain.questionnaire_validation import check_response
from tests.domain.questionnaires import answered, codes, extension, fields, item, read, response, when

TYPES: list[tuple[str, str, list[Any], list[Any]]] = [
    ("boolean", "Boolean", [True, False], ["true", 1, None]),
    ("decimal", "Decimal", [1, 1.5, -3], ["1", True, float("nan"), float("inf"), 10**30]),
    ("integer", "Integer", [0, -5], [1.0, True, "1", 2**31]),
    ("date", "Date", ["2026-05-31", "2026-05", "2026"], ["2026-02-30", "31.05.2026", 5, "0000", "2026-5-1"]),
    ("dateTime", "DateTime", ["2026-05-31T10:00:00Z", "2026-05-31"], ["2026-05-31T10:00:00", "2026-05-31T25:00:00Z"]),
    ("time", "Time", ["10:00:00", "23:59:59.5"], ["10:00", "24:00:00"]),
    ("string", "String", ["x", "山"], [5, "a\x00", "\ud800", "x" * 10_001, "a\nb"]),
    ("text", "String", ["a\nb"], [["a"]]),
    ("url", "Uri", ["https://example.com/x"], ["javascript:alert(1)", "example.com", "http:// x"]),
]


@pytest.mark.parametrize(("kind", "value", "right", "wrong"), TYPES)
def test_each_type_takes_its_own_values_only(kind: str, value: str, right: list[Any], wrong: list[Any]) -> None:
    questionnaire = read(item("q", kind))
    for one in right:
        assert check_response(questionnaire, response(answered("q", one, kind=value))) == []
    for one in wrong:
        assert fields(check_response(questionnaire, response(answered("q", one, kind=value)), partial=True)) == ["q"]
    other = "Integer" if value != "Integer" else "String"
    assert fields(check_response(questionnaire, response(answered("q", 1, kind=other)))) == ["q"]


def test_choices_are_held_to_their_options() -> None:
    closed = read(item("q", "choice", answerOption=[*codes("a"), {"valueString": "b"}, {"valueInteger": 3}]))
    open_ = read(item("q", "open-choice", answerOption=codes("a")))
    a, wrong_system = {"code": "a", "display": "anything"}, {"system": "urn:y", "code": "a"}
    for kind, value in (("Coding", a), ("String", "b"), ("Integer", 3)):
        assert check_response(closed, response(answered("q", value, kind=kind))) == []
    for kind, value in (
        ("Coding", wrong_system),
        ("Coding", {"code": "c"}),
        ("String", "c"),
        ("Coding", {}),
        ("Coding", 5),
    ):
        assert fields(check_response(closed, response(answered("q", value, kind=kind)))) == ["q"]
    assert check_response(open_, response(answered("q", "my own words"))) == []
    assert fields(check_response(open_, response(answered("q", {"code": "c"}, kind="Coding")))) == ["q"]


def test_a_quantity_has_one_of_its_units_and_stays_within_its_limits() -> None:
    units = [{"system": "http://unitsofmeasure.org", "code": code, "display": code} for code in ("kg", "[lb_av]")]
    limits = [extension("minValue", "Decimal", 1), extension("maxDecimalPlaces", "Integer", 1)]
    limits.append(extension("sdc-questionnaire-maxQuantity", "Quantity", {"value": 300, "code": "kg"}))
    options = [extension("questionnaire-unitOption", "Coding", unit) for unit in units]
    weight = read(item("q", "quantity", extension=options + limits))
    for right in ({"value": 70.5, "code": "kg"}, {"value": 400, "unit": "pounds", "code": "[lb_av]"}):
        assert check_response(weight, response(answered("q", right, kind="Quantity"))) == []
    for wrong in (
        {"value": 70.25, "code": "kg"},
        {"value": 70},
        {"value": 0.5, "code": "kg"},
        {"value": 301, "code": "kg"},
    ):
        assert fields(check_response(weight, response(answered("q", wrong, kind="Quantity")))) == ["q"]
    malformed: list[Any] = [
        {"code": "kg"},
        {"value": "70", "code": "kg"},
        {"value": 7, "comparator": "<", "code": "kg"},
        70,
    ]
    for one in malformed:
        assert fields(check_response(weight, response(answered("q", one, kind="Quantity")))) == ["q"]
    made, errors = response_from_form(weight, {"q": ["70,5"], "q--unit": ["kg"]})
    assert errors == []
    assert made["item"][0]["answer"][0]["valueQuantity"] == {"value": 70.5, "unit": "kg"} | {
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    }
    assert fields(response_from_form(weight, {"q": ["70"], "q--unit": ["stone"]})[1]) == ["q"]


def test_other_types_are_held_to_their_options_too() -> None:
    listed = read(item("q", "integer", answerOption=[{"valueInteger": 5}, {"valueInteger": 10}]))
    assert check_response(listed, response(answered("q", 10, kind="Integer"))) == []
    assert fields(check_response(listed, response(answered("q", 7, kind="Integer")))) == ["q"]
    assert fields(response_from_form(listed, {"q": ["7"]})[1]) == ["q"]


def test_none_of_these_goes_with_nothing_else() -> None:
    alone = extension("questionnaire-optionExclusive", "Boolean", True)
    options = [*codes("a"), codes("none")[0] | {"extension": [alone]}]
    questionnaire = read(item("q", "choice", repeats=True, answerOption=options))
    none, a = options[1]["valueCoding"], options[0]["valueCoding"]
    assert check_response(questionnaire, response(answered("q", none, kind="Coding"))) == []
    assert fields(check_response(questionnaire, response(answered("q", a, none, kind="Coding")))) == ["q"]


def test_limits_are_kept() -> None:
    ranged = item(
        "q", "integer", extension=[extension("minValue", "Integer", 1), extension("maxValue", "Decimal", 3.5)]
    )
    coded = item("q", maxLength=5, extension=[extension("regex", "String", r"\d+(-\d+)?")])
    precise = item("q", "decimal", extension=[extension("maxDecimalPlaces", "Integer", 1)])
    dated = item("q", "date", extension=[extension("maxValue", "Date", "2026-01-01")])
    several = item("q", repeats=True, extension=[extension("questionnaire-maxOccurs", "Integer", 2)])
    cases: list[tuple[dict[str, Any], str, list[Any], list[Any]]] = [
        (ranged, "Integer", [1, 3], [0, 4]),
        (coded, "String", ["12", "1-2"], ["1-", "x12", "123456"]),
        (precise, "Decimal", [1.5, 10], [1.25]),
        (dated, "Date", ["2025-12-31", "2026-01-01"], ["2026-01-02"]),
    ]
    for one, kind, right, wrong in cases:
        for value in right:
            assert check_response(read(one), response(answered("q", value, kind=kind))) == []
        for value in wrong:
            assert fields(check_response(read(one), response(answered("q", value, kind=kind)))) == ["q"]
    assert fields(check_response(read(several), response(answered("q", "a", "b", "c")))) == ["q"]


def test_required_questions_may_wait_in_a_draft_only() -> None:
    questionnaire = read(
        item("g", "group", required=True, item=[item("q", required=True)]), item("b", "boolean", required=True)
    )
    for blank in (response(), response({"linkId": "g", "item": [answered("q", " \n ")]}), response({"linkId": "g"})):
        assert fields(check_response(questionnaire, blank)) == ["g", "q", "b"]
        assert check_response(questionnaire, blank, partial=True) == []
    full = response({"linkId": "g", "item": [answered("q", "x")]}, answered("b", False, kind="Boolean"))
    assert check_response(questionnaire, full) == []


def test_what_is_in_the_wrong_place_is_refused() -> None:
    questionnaire = read(item("g", "group", item=[item("q"), item("d", "display")]), item("p", item=[item("c")]))
    group = {"linkId": "g", "item": [answered("q", "x")]}
    nested = {"linkId": "p", "answer": [{"valueString": "x", "item": [answered("c", "y")]}]}
    assert check_response(questionnaire, response(group, nested)) == []
    for wrong, field in [
        (response(answered("q", "x")), "q"),
        (response(answered("nobody", "x")), "nobody"),
        (response(group, group), "g"),
        (response({"linkId": "g", "answer": [{"valueString": "x"}]}), "g"),
        (response({"linkId": "g", "item": [answered("d", "x")]}), "d"),
        (response(answered("p", "x") | {"item": [answered("c", "y")]}), "p"),
        (response(answered("p", "x", "y")), "p"),
        (response(answered("p", "x") | {"note": 1}), "p"),
        (response({"linkId": "p", "answer": {}}), "p"),
        (response({"linkId": "p", "answer": [{"valueString": "x", "valueInteger": 1}]}), "p"),
        (response("p"), "item"),
        ({"resourceType": "QuestionnaireResponse", "item": {}}, "item"),
        ({"resourceType": "Questionnaire"}, "resourceType"),
    ]:
        assert fields(check_response(questionnaire, wrong, partial=True)) == [field]


def test_what_is_read_only_cannot_be_changed() -> None:
    questionnaire = read(item("q", readOnly=True, required=True, initial=[{"valueString": "fixed"}]))
    assert check_response(questionnaire, response(answered("q", "fixed"))) == []
    assert fields(check_response(questionnaire, response(answered("q", "mine")))) == ["q"]
    made, _ = response_from_form(questionnaire, {"q": ["mine"]})
    assert made["item"] == [answered("q", "fixed")]


@pytest.mark.parametrize(
    ("operator", "answer", "enabled"),
    [
        ("exists", {"answerBoolean": True}, {3, 5, 7}),
        ("exists", {"answerBoolean": False}, {None}),
        ("=", {"answerInteger": 5}, {5}),
        ("!=", {"answerInteger": 5}, {None, 3, 7}),
        (">", {"answerDecimal": 4.5}, {5, 7}),
        ("<", {"answerInteger": 5}, {3}),
        (">=", {"answerInteger": 5}, {5, 7}),
        ("<=", {"answerInteger": 5}, {3, 5}),
    ],
)
def test_conditions_decide_what_is_asked(operator: str, answer: dict[str, Any], enabled: set[int | None]) -> None:
    condition = when("a", operator, **answer)
    questionnaire = read(item("b", required=True, enableWhen=[condition]), item("a", "integer"))
    for value in (None, 3, 5, 7):
        given_a = [] if value is None else [answered("a", value, kind="Integer")]
        asked = value in enabled
        assert fields(check_response(questionnaire, response(*given_a))) == (["b"] if asked else [])
        assert fields(check_response(questionnaire, response(*given_a, answered("b", "x")))) == ([] if asked else ["b"])


def test_an_answer_that_is_not_asked_for_enables_nothing() -> None:
    questionnaire = read(
        item("a", "boolean"),
        item("g", "group", enableWhen=[when("a", "=", answerBoolean=True)], item=[item("b", "boolean", required=True)]),
        item("c", required=True, enableWhen=[when("b", "=", answerBoolean=True)]),
    )
    b = {"linkId": "g", "item": [answered("b", True, kind="Boolean")]}
    assert fields(check_response(questionnaire, response(b))) == ["b"]
    assert fields(check_response(questionnaire, response(answered("a", True, kind="Boolean"), b))) == ["c"]
    form = {"a": ["false"], "b": ["true"], "c": ["x"]}
    assert response_from_form(questionnaire, form) == (response(answered("a", False, kind="Boolean")), [])


def test_any_or_all_of_the_conditions() -> None:
    conditions = [when("a", "=", answerString="x"), when("b", "=", answerString="x")]
    for behaviour, counts in (("any", {1, 2}), ("all", {2})):
        questionnaire = read(
            item("a"), item("b"), item("c", required=True, enableWhen=conditions, enableBehavior=behaviour)
        )
        for count, given_items in enumerate([[], [answered("a", "x")], [answered("a", "x"), answered("b", "x")]]):
            assert bool(check_response(questionnaire, response(*given_items))) == (count in counts)


def test_the_length_of_a_number_is_that_of_its_digits() -> None:
    form = read(item("q", "integer", maxLength=3))
    assert check_response(form, response(answered("q", 999, kind="Integer"))) == []
    assert fields(check_response(form, response(answered("q", 1000, kind="Integer")))) == ["q"]
