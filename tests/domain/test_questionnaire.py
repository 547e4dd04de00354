"""Questionnaires: what is understood of them, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import ValidationFailed
from domain.questionnaire import flat_items, parse_questionnaire
from domain.questionnaire_items import OTHER_SUFFIX, ItemType
from domain.questionnaire_validation import asked_items
from gateways.fhir_forms import validate_questionnaire
from tests.domain.questionnaires import FHIR, SEED, codes, document, extension, item, read, when

VALUE_SETS: list[dict[str, Any]] = [
    {
        "id": "few",
        "compose": {"include": [{"system": "urn:x", "concept": [{"code": "a", "display": "A"}, {"code": "b"}]}]},
    },
    {"id": "filtered", "compose": {"include": [{"system": "urn:x", "filter": [{"property": "p"}]}]}},
    {"id": "whole", "compose": {"include": [{"system": "urn:elsewhere"}]}},
    {"id": "empty"},
    {
        "id": "known",
        "url": "http://x/known",
        "compose": {"include": [{"system": "urn:own"}], "exclude": [{"system": "urn:own", "concept": [{"code": "c"}]}]},
    },
    {
        "id": "expanded",
        "expansion": {
            "contains": [
                {
                    "system": "urn:x",
                    "code": "top",
                    "abstract": True,
                    "contains": [{"system": "urn:x", "code": "a", "display": "A"}],
                }
            ]
        },
    },
]
CONTAINED = [{"resourceType": "ValueSet", "status": "active"} | one for one in VALUE_SETS] + [
    {
        "resourceType": "CodeSystem",
        "url": "urn:own",
        "concept": [{"code": "a", "concept": [{"code": "b"}]}, {"code": "c"}],
    }
]


def refused(*items: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationFailed) as refusal:
        parse_questionnaire(document(*items) | {"contained": CONTAINED})
    return [(error.field, error.message) for error in refusal.value.errors]


def test_the_seeded_intake_form_is_a_fhir_questionnaire_that_is_understood_whole() -> None:
    validate_questionnaire(SEED)
    questionnaire = parse_questionnaire(SEED)
    items = [one.item for one in questionnaire.flat]
    assert sum(one.is_question for one in items) >= 10
    assert any(one.conditions for one in items) and any(one.required for one in items)
    assert {ItemType.GROUP, ItemType.CHOICE, ItemType.DISPLAY} <= {one.type for one in items}
    assert questionnaire.as_document() == SEED


@pytest.mark.parametrize(
    ("wrong", "feature"),
    [
        (item("q", "reference"), "reference"),
        (item("q", "attachment"), "attachment"),
        (item("q", "choice", answerValueSet="http://x"), "answerValueSet"),
        (item("q", "choice", answerValueSet="#gone"), "doesn't contain"),
        (item("q", "choice", answerValueSet="#filtered"), "filters"),
        (item("q", "choice", answerValueSet="#whole"), "whole code system"),
        (item("q", "choice", answerValueSet="#empty"), "without any codes"),
        (item("q", "choice", answerValueSet="#few", answerOption=codes("a")), "beside answerOption"),
        (item("q", "string", answerValueSet="#few"), "isn't a choice"),
        (item("q", "quantity", extension=[extension("questionnaire-unitValueSet", "Canonical", "http://x")]), "units"),
        (item("q", "quantity", extension=[extension("questionnaire-unit", "Coding", {})]), "unit"),
        (item("q", "choice", answerOption=[{"valueReference": {}}]), "valueReference"),
        (item("q", "choice"), "answerOption"),
        (item("q", "choice", answerOption=codes("a", "a")), "twice"),
        (item("q", "string", answerOption=codes("a")), "answerOption"),
        (item("q", "boolean", answerOption=[{"valueBoolean": True}]), "answerOption"),
        (
            item("o", "group", repeats=True, item=[item("q", "group", repeats=True, item=[item("r")])]),
            "a group that repeats within another one",
        ),
        (item("q", repeats=True, item=[item("r")]), "repeats"),
        (item("q", "display", item=[item("r")]), "display"),
        (item("q", modifierExtension=[{"url": "x"}]), "modifierExtension"),
        (
            item("q", "choice", answerOption=[codes("a")[0] | {"modifierExtension": [{"url": "x"}]}]),
            "modifierExtension",
        ),
        (item("q", extension=[{"url": "http://x/sdc-questionnaire-answerExpression"}]), "answerExpression"),
        (item("q", extension=[{"url": FHIR + "questionnaire-constraint"}]), "constraint"),
        (item("q", extension=[{"url": "http://x/sdc-questionnaire-enableWhenExpression"}]), "enableWhenExpression"),
        (item("q", required="yes"), "required"),
        (item("q", "date", maxLength=3), "maxLength"),
        (item("q", maxLength=-1), "maxLength"),
        (item("q", extension=[extension("minValue", "Integer", 3)]), "minValue"),
        (item("q", "integer", extension=[extension("minValue", "String", "3")]), "minValue"),
        (item("q", extension=[extension("regex", "String", "(")]), "regex"),
        (item("q", extension=[extension("regex", "String", "(a+)+b")]), "regex"),
        (item("q", extension=[extension("regex", "String", "(a|a)*b")]), "regex"),
        (item("q", extension=[extension("regex", "String", ".*.*.*.*b")]), "regex"),
        (item("q", extension=[extension("regex", "String", r"(a)\1")]), "regex"),
        (item("q", initial=[{"valueInteger": 3}]), "initial"),
        (item("q", enableWhen=[when("nobody", "=", answerString="x")]), "enableWhen"),
        (item("q", enableWhen=[when("q", "=", answerString="x")]), "circle"),
        (item("q", enableWhen=[when("q", "exists", answerString="x")]), "exists"),
        (item("q", enableWhen=[when("q", ">", answerString="x")]), "order"),
        (item("q", enableWhen=[when("q", "=", answerInteger=1)]), "kind"),
        (item("q", enableWhen=[when("q", "=", answerQuantity={})]), "answerQuantity"),
        (item("q", enableWhen=[when("q", "~", answerString="x")]), "operator"),
        (item("q", enableWhen=[when("q", "=", answerString="x")] * 2), "enableBehavior"),
    ],
)
def test_what_is_not_supported_or_wrong_is_named_with_its_link_id(wrong: dict[str, Any], feature: str) -> None:
    errors = refused(wrong)
    assert {field for field, _ in errors} == {"q"}
    assert any(feature in message for _, message in errors)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [("#few", ["a", "b"]), ("#known", ["a", "b"]), ("http://x/known", ["a", "b"]), ("#expanded", ["a"])],
)
def test_the_codes_of_a_contained_value_set_are_the_answers(reference: str, expected: list[str]) -> None:
    asked = document(item("q", "choice", answerValueSet=reference)) | {"contained": CONTAINED}
    (one,) = parse_questionnaire(asked).items
    assert [option.token for option in one.options] == expected


@pytest.mark.parametrize(
    ("harmless", "feature"),
    [
        (extension("sdc-questionnaire-calculatedExpression", "Expression", {}), "isn't calculated"),
        (extension("sdc-questionnaire-initialExpression", "Expression", {}), "isn't evaluated"),
        ({"url": "http://somebody.example/own-thing", "valueString": "x"}, "own-thing"),
        ({"url": FHIR + "questionnaire-constraint", "extension": [{"url": "severity", "valueCode": "warning"}]}, None),
    ],
)
def test_what_has_no_effect_is_accepted_and_named(harmless: dict[str, Any], feature: str | None) -> None:
    questionnaire = read(item("q", extension=[harmless]))
    assert [warning.field for warning in questionnaire.warnings] == ["q"]
    assert (feature or "constraint") in questionnaire.warnings[0].message


@pytest.mark.parametrize("version", ["", "|4.0.1"])
def test_small_value_sets_of_fhirs_own_need_not_be_brought_along(version: str) -> None:
    asked = item("q", "choice", answerValueSet=f"http://hl7.org/fhir/ValueSet/yesnodontknow{version}")
    assert [option.label for option in read(asked).items[0].options] == ["Yes", "No", "Don't know"]


def test_an_item_without_a_text_is_called_as_its_code_is() -> None:
    codes = [{"system": "urn:x", "code": "a"}, {"system": "urn:x", "code": "b", "display": "Angina Pectoris"}]
    nameless = {"linkId": "1.1", "type": "boolean", "code": codes}
    assert read(nameless).items[0].text == "Angina Pectoris"
    assert read(nameless | {"text": "Do you have it?"}).items[0].text == "Do you have it?"
    assert read(nameless | {"code": [{"code": "a"}, 5, {"display": 7}]}).items[0].text == ""


def test_words_that_claim_to_be_required_ask_nothing_and_are_named() -> None:
    questionnaire = read(item("q", "display", required=True, repeats=True), item("r"))
    told = questionnaire.items[0]
    assert (told.link_id, told.required, told.repeats) == ("q", False, False)
    assert [one.field for one in questionnaire.warnings] == ["q"]
    assert "display only" in questionnaire.warnings[0].message


def test_widgets_and_wording_are_passed_over_in_silence() -> None:
    control = {"coding": [{"system": "http://hl7.org/fhir/questionnaire-item-control", "code": "slider"}]}
    extensions = [
        extension("questionnaire-itemControl", "CodeableConcept", control),
        extension("questionnaire-choiceOrientation", "Code", "horizontal"),
        extension("entryFormat", "String", "nnn"),
    ]
    assert read(item("q", "integer", extension=extensions)).warnings == ()


def test_nothing_may_depend_on_what_nobody_can_answer() -> None:
    score = item("score", "integer", readOnly=True, extension=[extension("x", "String", "")])
    errors = refused(score, item("q", enableWhen=[when("score", ">", answerInteger=3)]))
    assert errors == [("q", "has an enableWhen on score, which nobody can answer here")]


def test_a_form_without_a_title_has_one_all_the_same() -> None:
    assert parse_questionnaire({"resourceType": "Questionnaire", "item": [item("q")]}).title == "Untitled form"


def test_what_has_no_link_id_is_named_by_its_path() -> None:
    assert refused(item("a", "group", item=[{"type": "string"}, 5]))[0][0] == "item[0].item[0].linkId"
    assert refused(item("a"), item("a")) == [("a", "is used more than once")]
    assert refused(item("a", "open-choice"), item("a" + OTHER_SUFFIX)) == [("a--other", "is used more than once")]


def test_conditions_in_a_circle_are_refused() -> None:
    a = item("a", enableWhen=[when("b", "exists", answerBoolean=True)])
    b = item("b", "group", enableWhen=[when("a", "exists", answerBoolean=True)], item=[item("c")])
    assert refused(item("a", enableWhen=[when("c", "exists", answerBoolean=True)]), b)[0][0] == "a"
    assert refused(a, item("b", enableWhen=[when("a", "exists", answerBoolean=True)]))[0][0] == "a"


def test_deep_and_huge_forms_are_refused_quickly() -> None:
    deep: dict[str, Any] = item("x0")
    for depth in range(1, 900):
        deep = item(f"x{depth}", "group", item=[deep])
    assert "levels deep" in refused(deep)[0][1]
    assert ("item", "has more than 500 items") in refused(*(item(f"q{index}") for index in range(5000)))
    chain = [item("q0")] + [
        item(f"q{index}", enableWhen=[when(f"q{index - 1}", "exists", answerBoolean=True)]) for index in range(1, 500)
    ]
    assert all(asked_items(read(*chain), {}).values()) is False


def test_items_are_listed_with_their_depth_and_hidden_ones_are_not() -> None:
    hidden = item("h", "group", extension=[extension("questionnaire-hidden", "Boolean", True)], item=[item("i")])
    questionnaire = read(item("a", "group", item=[item("b", item=[item("c")])]), hidden, item("d"))
    shown = flat_items(questionnaire)
    assert [(one.item.link_id, one.depth) for one in shown] == [("a", 0), ("b", 1), ("c", 2), ("d", 0)]


def test_an_initial_quantity_that_names_a_unit_only_fills_nothing_in_and_is_named() -> None:
    form = read(item("q", "quantity", initial=[{"valueQuantity": {"unit": "kg", "code": "kg"}}]))
    assert form.by_link_id["q"].item.initial == ()
    assert [(one.field, "without a number" in one.message) for one in form.warnings] == [("q", True)]
