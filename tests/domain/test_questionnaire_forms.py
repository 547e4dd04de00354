"""The way between HTML forms and responses."""

from __future__ import annotations

from domain.questionnaire_forms import check_form, form_values, response_from_form
from tests.domain.questionnaires import answered, codes, fields, item, read, response, when


def test_a_form_becomes_a_response() -> None:
    questionnaire = read(
        item("s"),
        item("n", "decimal"),
        item("i", "integer"),
        item("b", "boolean"),
        item("d", "date"),
        item("dt", "dateTime"),
        item("t", "time"),
        item("c", "choice", answerOption=codes("a", "b")),
        item("m", "open-choice", repeats=True, answerOption=codes("a", "b")),
    )
    form = {
        "csrf": ["token"],
        "s": ["  words "],
        "n": ["1,5"],
        "i": ["-3"],
        "b": ["false", "true"],
        "d": ["2026-05-31"],
        "dt": ["2026-05-31T10:00"],
        "t": ["14:30"],
        "c": ["b"],
        "m": ["a", "", "b"],
        "m--other": ["mine"],
    }
    made, errors = check_form(questionnaire, form, partial=False)
    assert errors == []
    coding = {code: one["valueCoding"] for code, one in zip("ab", codes("a", "b"), strict=True)}
    many = [{"valueCoding": coding["a"]}, {"valueCoding": coding["b"]}, {"valueString": "mine"}]
    assert made["item"] == [
        answered("s", "words"),
        answered("n", 1.5, kind="Decimal"),
        answered("i", -3, kind="Integer"),
        answered("b", True, kind="Boolean"),
        answered("d", "2026-05-31", kind="Date"),
        answered("dt", "2026-05-31T10:00:00+00:00", kind="DateTime"),
        answered("t", "14:30:00", kind="Time"),
        answered("c", coding["b"], kind="Coding"),
        {"linkId": "m", "answer": many},
    ]
    shown = form_values(questionnaire, made)
    assert response_from_form(questionnaire, shown) == (made, [])
    assert (shown["t"], shown["dt"], shown["m"], shown["m--other"]) == (
        ["14:30"],
        ["2026-05-31T10:00"],
        ["a", "b"],
        ["mine"],
    )


def test_malformed_fields_are_told_once_and_left_out() -> None:
    questionnaire = read(
        item("i", "integer", required=True),
        item("d", "date"),
        item("c", "choice", answerOption=codes("a")),
        item("o", "open-choice", answerOption=codes("a")),
        item("s"),
    )
    form = {"i": ["three"], "d": ["soon"], "c": ["x"], "o": ["a"], "o--other": ["b"], "s": ["x", "y"]}
    made, errors = check_form(questionnaire, form, partial=False)
    assert sorted(fields(errors)) == ["c", "d", "i", "o", "s"]
    assert "item" not in made


def test_an_error_in_what_is_not_asked_bothers_nobody() -> None:
    questionnaire = read(item("a", "boolean"), item("b", "integer", enableWhen=[when("a", "=", answerBoolean=True)]))
    assert response_from_form(questionnaire, {"a": ["false"], "b": ["x"]})[1] == []


def test_an_answer_below_an_unanswered_question_is_not_lost_silently() -> None:
    questionnaire = read(item("p", item=[item("c")]))
    assert fields(response_from_form(questionnaire, {"c": ["x"]})[1]) == ["c"]
    made, errors = response_from_form(questionnaire, {"p": ["y"], "c": ["x"]})
    assert (errors, form_values(questionnaire, made)) == ([], {"p": ["y"], "c": ["x"]})


def test_a_new_form_shows_the_initial_values() -> None:
    selected = [*codes("a"), codes("b")[0] | {"initialSelected": True}]
    questionnaire = read(item("s", initial=[{"valueString": "x"}]), item("c", "choice", answerOption=selected))
    assert form_values(questionnaire, None) == {"s": ["x"], "c": ["b"]}
    assert form_values(questionnaire, response()) == {}
