"""The editor's rows: what it knows can be changed, what it doesn't know stays, and nothing is dropped in silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.errors import ValidationFailed
from domain.form_rows import Row, document_of, rows_of
from domain.questionnaire import parse_questionnaire
from domain.questionnaire_items import ItemType
from tests.domain.questionnaires import codes, document, extension, fields, item, when

FORM = document(
    item("hello", "display"),
    item(
        "section",
        "group",
        item=[
            item("smokes", "boolean", required=True),
            item("a-day", "integer", enableWhen=[when("smokes", "=", answerBoolean=True)], maxLength=3),
            item("why", "choice", answerOption=codes("stress", "habit"), repeats=True),
        ],
    ),
    item("more", "text", enableWhen=[when("why", "=", answerCoding={"system": "urn:x", "code": "habit"})]),
    item("note", extension=[extension("minLength", "Integer", 2)], prefix="1."),
)


def edited(form: dict[str, Any], *rows: Row, copy: bool = False) -> dict[str, Any]:
    return document_of("A form", rows, form, copy=copy)


def test_what_nobody_changed_stays_as_it_was() -> None:
    rows = rows_of(parse_questionnaire(FORM))
    again = edited(FORM, *rows)
    assert rows_of(parse_questionnaire(again)) == rows
    assert again["item"][1]["item"][1]["maxLength"] == 3
    assert again["item"][1]["item"][2]["answerOption"] == codes("stress", "habit")
    assert again["item"][3]["extension"] == FORM["item"][3]["extension"]


def test_a_section_that_has_to_be_answered_stays_so_though_the_editor_has_no_switch_for_it() -> None:
    section = item("section", "group", required=True, item=[item("one"), item("two")])
    posted = [replace(one, required=False) for one in rows_of(parse_questionnaire(document(section)))]
    again = edited(document(section), *posted)
    assert parse_questionnaire(again).by_link_id["section"].item.required
    assert [one.get("required") for one in again["item"][0]["item"]] == [None, None]


def test_a_section_that_repeats_stays_so_and_can_be_switched() -> None:
    limits = [extension("questionnaire-maxOccurs", "Integer", 3)]
    section = item("section", "group", repeats=True, extension=limits, item=[item("one")])
    rows = rows_of(parse_questionnaire(document(section)))
    assert edited(document(section), *rows)["item"] == [section]
    once = edited(document(section), replace(rows[0], repeats=False), rows[1])
    assert parse_questionnaire(once).group_around == {}
    assert edited(once, *rows)["item"] == [section]


def test_rows_are_moved_into_sections_and_out_of_them() -> None:
    hello, section, smokes, a_day, why, more, note = rows_of(parse_questionnaire(FORM))
    again = edited(FORM, section, replace(hello, inside=True), smokes, replace(why, inside=False), a_day, more, note)
    assert [one["linkId"] for one in again["item"]] == ["section", "why", "a-day", "more", "note"]
    assert [one["linkId"] for one in again["item"][0]["item"]] == ["hello", "smokes"]


def test_an_answer_keeps_its_code_and_a_new_one_is_its_own_words() -> None:
    rows = [replace(one, options=("Stress", "Boredom")) if one.link_id == "why" else one for one in _without("more")]
    option = parse_questionnaire(edited(FORM, *rows)).by_link_id["why"].item.options
    assert [one.value.raw for one in option] == [codes("stress")[0]["valueCoding"], "Boredom"]


@pytest.mark.parametrize(
    ("asked", "operator", "typed", "answer"),
    [
        (Row(link_id="a", kind=ItemType.BOOLEAN), "=", "Yes", {"answerBoolean": True}),
        (Row(link_id="a", kind=ItemType.BOOLEAN), "!=", "no", {"answerBoolean": False}),
        (Row(link_id="a", kind=ItemType.TEXT), "exists", "", {"answerBoolean": True}),
        (Row(link_id="a", kind=ItemType.TEXT), "exists", "no", {"answerBoolean": False}),
        (Row(link_id="a", kind=ItemType.INTEGER), ">=", "18", {"answerInteger": 18}),
        (Row(link_id="a", kind=ItemType.DECIMAL), "<", "1.5", {"answerDecimal": 1.5}),
        (Row(link_id="a", kind=ItemType.TIME), ">", "08:30", {"answerTime": "08:30:00"}),
        (Row(link_id="a", kind=ItemType.CHOICE, options=("Red", "Blue")), "=", "blue", {"answerString": "Blue"}),
    ],
)
def test_a_condition_is_written_as_fhir_has_it_and_read_back(
    asked: Row, operator: str, typed: str, answer: dict[str, Any]
) -> None:
    depends = Row(link_id="b", kind=ItemType.STRING, text="B", question="a", operator=operator, answer=typed)
    made = document_of("A form", [replace(asked, text="A"), depends], None, copy=False)
    assert made["item"][1]["enableWhen"] == [when("a", operator, **answer)]
    again = rows_of(parse_questionnaire(made))
    assert document_of("A form", again, None, copy=False)["item"] == made["item"]


@pytest.mark.parametrize(
    ("asked", "typed"),
    [
        (Row(link_id="a", kind=ItemType.BOOLEAN), "perhaps"),
        (Row(link_id="a", kind=ItemType.INTEGER), "1.5"),
        (Row(link_id="a", kind=ItemType.DECIMAL), "nan"),
        (Row(link_id="a", kind=ItemType.CHOICE, options=("Red",)), "Green"),
        (Row(link_id="a", kind=ItemType.STRING), " "),
        (Row(link_id="x", kind=ItemType.STRING), "gone"),
    ],
)
def test_a_condition_that_cannot_be_meant_is_told_at_its_question(asked: Row, typed: str) -> None:
    depends = Row(link_id="b", kind=ItemType.STRING, text="B", question="a", operator="=", answer=typed)
    with pytest.raises(ValidationFailed) as refused:
        document_of("A form", [asked, depends], None, copy=False)
    assert fields(list(refused.value.errors)) == ["b"]


def test_conditions_and_value_sets_beyond_the_editor_are_kept() -> None:
    conditions = [when("a", "exists", answerBoolean=True), when("a", "!=", answerString="x")]
    form = document(
        item("a"),
        item("b", enableWhen=conditions, enableBehavior="any"),
        item("c", "choice", answerValueSet="#colours"),
    )
    include = [{"system": "urn:x", "concept": [{"code": "red"}, {"code": "blue"}]}]
    form["contained"] = [
        {"resourceType": "ValueSet", "id": "colours", "status": "active", "compose": {"include": include}}
    ]
    rows = rows_of(parse_questionnaire(form))
    assert (rows[1].keeps_condition, rows[2].options) == (True, None)
    again = edited(form, *rows)
    assert again["item"] == form["item"]
    parse_questionnaire(again)


def test_a_form_beyond_rows_is_named_and_not_flattened() -> None:
    deep = item("outer", "group", item=[item("inner", "group", item=[item("deepest")])])
    follow_up = item("asks", "boolean", item=[item("after")])
    with pytest.raises(ValidationFailed) as refused:
        rows_of(parse_questionnaire(document(deep, follow_up)))
    assert set(fields(list(refused.value.errors))) == {"inner", "deepest", "after"}


def test_a_copy_claims_nothing_of_the_original_but_its_licence() -> None:
    form = document(item("a")) | {"id": "phq", "publisher": "Somebody", "copyright": "Free to use", "text": {}}
    copied = edited(form, *rows_of(parse_questionnaire(form)), copy=True)
    assert {"id", "publisher", "text"} & set(copied) == set()
    assert copied["copyright"] == "Free to use"


def _without(link_id: str) -> list[Row]:
    return [one for one in rows_of(parse_questionnaire(FORM)) if one.link_id != link_id]
