"""Questionnaires: what is understood of them, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import ValidationFailed
from domain.questionnaire import flat_items, parse_questionnaire
from domain.questionnaire_items import OTHER_SUFFIX, ItemType
from domain.questionnaire_validation import asked_items
from gateways.fhir_forms import validate_questionnaire
from tests.domain.questionnaires import SEED, codes, extension, item, read, when


def refused(*items: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationFailed) as refusal:
        read(*items)
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
        (item("q", "quantity"), "quantity"),
        (item("q", "reference"), "reference"),
        (item("q", "attachment"), "attachment"),
        (item("q", "choice", answerValueSet="http://x"), "answerValueSet"),
        (item("q", "choice", answerOption=[{"valueReference": {}}]), "valueReference"),
        (item("q", "choice"), "answerOption"),
        (item("q", "choice", answerOption=codes("a", "a")), "twice"),
        (item("q", "string", answerOption=codes("a")), "answerOption"),
        (item("q", "group", repeats=True), "repeats"),
        (item("q", repeats=True, item=[item("r")]), "repeats"),
        (item("q", "display", required=True), "display"),
        (item("q", modifierExtension=[{"url": "x"}]), "modifierExtension"),
        (item("q", extension=[{"url": "http://x/sdc-questionnaire-enableWhenExpression"}]), "enableWhenExpression"),
        (item("q", required="yes"), "required"),
        (item("q", "integer", maxLength=3), "maxLength"),
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
