"""Groups that repeat: instances on the page and in responses, what counts as given, and what can't be asked."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest

from domain.errors import ValidationFailed
from domain.questionnaire_forms import check_form, draft_from_form, form_values, with_another
from domain.questionnaire_instances import answered_in, without_one
from domain.questionnaire_submission import without_blanks
from domain.questionnaire_validation import check_response
from portal.answers import answers_shown, labels, progress
from portal.forms import Form
from portal.repeating import Pressed, instances_note, instances_shown, press
from tests.domain.questionnaires import answered, document, extension, fields, item, read, response, when

NAME = item("name", required=True)
TAKEN = item("taken", "boolean")
SINCE = item("since", required=True, enableWhen=[when("taken", "=", answerBoolean=True)])
MEDICATIONS = item("med", "group", repeats=True, item=[NAME, TAKEN, SINCE]) | {"text": "Medication"}
FORM = read(item("hello", "display"), item("health", "group", item=[MEDICATIONS]), item("words"))
TWO = {"med--instances": ["2"], "name": ["Iron"], "name--2": ["Zinc"], "taken--2": ["true"], "since--2": ["May"]}


def instance(*items: dict[str, Any]) -> dict[str, Any]:
    return {"linkId": "med"} | ({"item": list(items)} if items else {})


def within(*instances: dict[str, Any]) -> dict[str, Any]:
    return response({"linkId": "health", "item": list(instances)})


def test_each_instance_is_an_item_of_its_own_under_the_documents_link_ids() -> None:
    made, errors = check_form(FORM, TWO, partial=False)
    second = instance(answered("name", "Zinc"), answered("taken", True, kind="Boolean"), answered("since", "May"))
    assert (made["item"], errors) == (within(instance(answered("name", "Iron")), second)["item"], [])
    assert form_values(FORM, made) == TWO


def test_a_condition_asks_the_answers_of_its_own_instance() -> None:
    _, errors = check_form(FORM, TWO | {"since--2": []}, partial=False)
    assert fields(errors) == ["since--2"]
    _, errors = check_form(FORM, TWO | {"taken": ["true"], "taken--2": ["false"], "since": ["June"]}, partial=False)
    assert errors == []
    nobody_asked = instance(answered("name", "Iron"), answered("since", "June"))
    assert fields(check_response(FORM, within(nobody_asked))) == ["since"]


def test_what_is_missing_is_told_with_the_instance_it_is_missing_in() -> None:
    form = {"med--instances": ["3"], "name": ["Iron"], "taken--2": ["false"]}
    made, errors = check_form(FORM, form, partial=False)
    assert [error.field for error in errors] == ["name--2"]
    assert labels(instances_shown(FORM, Form(form)))["name--2"] == "Medication 2: Question name"
    alone = labels(instances_shown(FORM, Form({})))
    assert (alone["name"], alone["words"]) == ("Question name", "Question words")
    assert progress(FORM, made).total == 5, "who adds an instance has no more to do for it"


def test_an_instance_in_which_nothing_is_answered_is_not_given() -> None:
    draft, errors = draft_from_form(FORM, {"med--instances": ["3"], "name--2": ["Iron"], "words": ["x"]})
    assert (errors, draft["item"][0]) == (
        [],
        {"linkId": "health", "item": [instance(), instance(answered("name", "Iron")), instance()]},
    )
    assert form_values(FORM, draft)["med--instances"] == ["3"]
    assert check_response(FORM, draft) == []
    submitted = without_blanks(FORM, draft)
    assert submitted["item"] == [
        {"linkId": "health", "item": [instance(answered("name", "Iron"))]},
        answered("words", "x"),
    ]
    filled_in = item("source", readOnly=True, initial=[{"valueString": "self"}])
    questionnaire = read(item("med", "group", repeats=True, item=[NAME, filled_in]))
    assert check_response(questionnaire, response(instance(answered("source", "self")))) == [], "nobody said that"
    nothing, _ = draft_from_form(FORM, {"med--instances": ["2"], "name": [" "]})
    assert "item" not in without_blanks(FORM, nothing)


def test_as_many_instances_are_needed_and_possible_as_the_form_says() -> None:
    least, most = (extension(f"questionnaire-{which}Occurs", "Integer", n) for which, n in (("min", 2), ("max", 3)))
    questionnaire = read(MEDICATIONS | {"required": True, "extension": [least, most]})
    assert form_values(questionnaire, None)["med--instances"] == ["2"]
    assert fields(check_response(questionnaire, response())) == ["med"]
    one = instance(answered("name", "Iron"))
    [too_few] = check_response(questionnaire, response(one))
    assert (too_few.field, too_few.message) == ("med", "Please give at least 2 of these.")
    assert check_response(questionnaire, response(one), partial=True) == []
    assert check_response(questionnaire, response(one, one)) == []
    [too_many] = check_response(questionnaire, response(one, one, one, one))
    assert (too_many.field, too_many.message) == ("med", "Please give at most 3 of these.")
    full = {"med--instances": ["3"]}
    assert with_another(questionnaire, full, "med") == full
    assert instances_note(questionnaire.items[0]) == "Please fill in at least 2 of these, 3 at most."


@pytest.mark.parametrize(
    ("count", "shown"), [("0", 1), ("-1", 1), ("9999999999", 1), ("x", 1), ("٣", 1), ("", 1), ("999", 20)]
)
def test_a_count_that_nobody_could_have_chosen_shows_no_more_than_there_may_be(count: str, shown: int) -> None:
    laid_out = instances_shown(FORM, Form({"med--instances": [count]})).flat
    assert sum(one.item.instance is not None for one in laid_out) == shown


def test_another_instance_begins_as_the_form_has_it_and_one_less_moves_the_rest_up() -> None:
    begun = item("often", "integer", initial=[{"valueInteger": 1}])
    fixed = item("source", readOnly=True, initial=[{"valueString": "self"}])
    questionnaire = read(item("med", "group", repeats=True, item=[item("name"), begun, fixed]))
    form = with_another(questionnaire, {"name": ["Iron"], "often": ["2"], "csrf": ["x"]}, "med")
    assert (form["name"], form["often"], form["often--2"]) == (["Iron"], ["2"], ["1"])
    form = with_another(questionnaire, form | {"name--2": ["Zinc"]}, "med") | {"name--3": ["Gold"]}
    left = without_one(questionnaire, form, "med", 2)
    assert (left["name"], left["name--2"], left["med--instances"]) == (["Iron"], ["Gold"], ["2"])
    assert "name--3" not in left
    none = without_one(questionnaire, without_one(questionnaire, left, "med", 1), "med", 1)
    assert (none.get("name"), none["med--instances"], none["csrf"]) == (None, ["1"], ["x"])
    assert without_one(questionnaire, left, "med", 7) == left


def test_a_button_asks_before_it_removes_what_somebody_wrote() -> None:
    def pressed(action: str) -> Pressed:
        return press(FORM, Form(TWO | {"action": [action], "med--instances": ["3"]}), UTC)

    assert pressed("remove:2:med").asking == "med--2"
    assert pressed("remove-filled:2:med").form.values["med--instances"] == ["2"]
    assert pressed("remove:3:med").form.values["med--instances"] == ["2"], "nothing is in it"
    assert not answered_in(FORM, TWO, "med", 3)
    for nothing in ("remove:x:med", "remove:9:med", "add:words", "remove:1:words", "draft"):
        assert pressed(nothing).form.values["med--instances"] == ["3"], nothing


def test_answers_are_read_instance_by_instance() -> None:
    made, _ = check_form(FORM, TWO, partial=False)
    shown = [(one.text, one.answers) for one in answers_shown(FORM, made)]
    assert shown[1:4] == [("Medication 1", None), ("Question name", ["Iron"]), ("Medication 2", None)]
    single = within(instance(answered("name", "Iron")))
    assert answers_shown(FORM, single)[1].text == "Medication"


@pytest.mark.parametrize(
    ("wrong", "named", "reason"),
    [
        ([MEDICATIONS, item("q", enableWhen=[when("name", "exists", answerBoolean=True)])], "q", "from outside"),
        ([MEDICATIONS | {"enableWhen": [when("name", "exists", answerBoolean=True)]}], "med", "from outside"),
        ([MEDICATIONS, item("name--2")], "name--2", "instances of name"),
        ([MEDICATIONS, item("med--instances")], "med--instances", "more than once"),
        (
            [MEDICATIONS | {"extension": [extension("questionnaire-minOccurs", "Integer", 21)]}],
            "med",
            "more often than it may be",
        ),
        ([item("l", "group", repeats=True, item=[item(f"q{n}") for n in range(151)])], "l", "more than 3000"),
    ],
)
def test_what_cannot_be_repeated_is_named(wrong: list[dict[str, Any]], named: str, reason: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        read(*wrong)
    [error] = refusal.value.errors
    assert error.field == named
    assert reason in error.message


def test_a_group_of_mere_words_does_not_repeat() -> None:
    questionnaire = read(item("g", "group", repeats=True, item=[item("d", "display")]), item("q"))
    assert (questionnaire.group_around, [one.field for one in questionnaire.warnings]) == ({}, ["g"])
    source = document(MEDICATIONS)
    assert json.dumps(read(MEDICATIONS).as_document()) == json.dumps(source)
