"""The sign-up form's editor: what its buttons do to the rows, and that saving what is shown changes nothing."""

from __future__ import annotations

from dataclasses import fields

import pytest

from domain.errors import ValidationFailed
from domain.signup_fields import STANDARD_TYPES
from domain.signup_form import SignupForm, default_signup_form, parse_signup_form
from portal.forms import Form
from portal.signup_editor import Row, Sheet, changed, input_errors, sheet_of_form, sheet_of_posted

_INPUTS = {"minimum": "min", "maximum": "max"}


def posted(sheet: Sheet, **more: str) -> Form:
    values: dict[str, list[str]] = {name: [value] for name, value in more.items()}
    values["row"] = [row.key for row in sheet.rows]
    for row in sheet.rows:
        for one in fields(Row):
            values[f"{_INPUTS.get(one.name, one.name)}.{row.key}"] = [getattr(row, one.name)]
    return Form(values)


def question(key: str, kind: str, **more: object) -> dict[str, object]:
    return {"key": key, "type": kind, "label": key, "enabled": True, "required": False, **more}


def rich() -> SignupForm:
    document = default_signup_form().as_document()
    own = [
        question("pets", "choices", options=["Cat", "Dog"], help="All of them", section="Home"),
        question("children", "number", min=0, max=9.5),
        question("terms", "consent", label="I agree\nto all of it"),
    ]
    return parse_signup_form({"fields": document["fields"] + own})


def test_saving_what_is_shown_changes_nothing() -> None:
    sheet = sheet_of_posted(posted(sheet_of_form(rich())))
    assert parse_signup_form(sheet.as_document()) == rich()


def test_standard_fields_that_a_form_leaves_out_are_offered_switched_off() -> None:
    short = parse_signup_form({"fields": default_signup_form().as_document()["fields"][:3]})
    sheet = sheet_of_form(short)
    assert {row.key for row in sheet.rows} == set(STANDARD_TYPES)
    assert {row.state for row in sheet.rows[3:]} == {"off"}


def test_rows_move_by_their_buttons_and_stay_within_the_list() -> None:
    sheet = sheet_of_form(default_signup_form())
    keys = [row.key for row in sheet.rows]
    down = changed(sheet, "down:first_name", Form({}))
    assert [row.key for row in down.rows[:2]] == ["last_name", "first_name"]
    assert down.touched == "first_name"
    assert [row.key for row in changed(down, "up:first_name", Form({})).rows] == keys
    assert [row.key for row in changed(sheet, "up:first_name", Form({})).rows] == keys
    assert [row.key for row in changed(sheet, f"down:{keys[-1]}", Form({})).rows] == keys


def test_a_question_of_ones_own_gets_a_key_and_can_be_removed_and_a_standard_field_cannot() -> None:
    sheet = sheet_of_form(default_signup_form())
    asked = changed(sheet, "add", Form({"new_label": ["2nd phone?"], "new_type": ["phone"]}))
    again = changed(asked, "add", Form({"new_label": ["2nd Phone"], "new_type": ["text"]}))
    assert [row.key for row in again.rows[-2:]] == ["q_2nd_phone", "q_2nd_phone_2"]
    assert parse_signup_form(again.as_document()).by_key["q_2nd_phone"].type == "phone"
    assert changed(asked, "remove:q_2nd_phone", Form({})).rows == sheet.rows
    assert changed(sheet, "remove:phone", Form({})).rows == sheet.rows
    standard = changed(sheet, "add", Form({"new_label": ["Phone"], "new_type": ["text"]}))
    assert standard.rows[-1].key == "phone_2"


def test_what_is_wrong_is_told_at_the_input_it_is_about() -> None:
    sheet = sheet_of_form(default_signup_form())
    own = [
        Row(key="a", type="choices", label="A"),
        Row(key="b", type="number", label="", minimum="few"),
    ]
    rows = [Row(**{**vars(row), "state": "required"}) if row.key == "guardian" else row for row in sheet.rows]
    wrong = Sheet(rows=[*rows, *own])
    with pytest.raises(ValidationFailed) as refusal:
        parse_signup_form(wrong.as_document())
    assert set(input_errors(wrong, refusal.value.errors)) == {"options.a", "label.b", "min.b"}
    almost = Sheet(rows=rows)
    with pytest.raises(ValidationFailed) as refusal:
        parse_signup_form(almost.as_document())
    assert set(input_errors(almost, refusal.value.errors)) == {"state.guardian"}
