"""What holds for every template: no inline script or style, a token in each form of a signed-in page, labels."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from domain.questionnaire import parse_questionnaire
from domain.questionnaire_forms import check_form
from portal.answers import Progress, answers_shown, condition_note, progress
from portal.rendering import render_text

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "portal" / "templates").rglob("*.html"))
SIGNED_IN = [one for one in TEMPLATES if one.parent.name in ("portal", "console")]
FORM = json.loads((ROOT / "devstack" / "seed_data" / "intake_form.json").read_text())


def name(path: Path) -> str:
    return path.relative_to(ROOT / "portal" / "templates").as_posix()


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_nothing_inline_that_the_content_policy_would_block(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*src=)", text)


@pytest.mark.parametrize("template", SIGNED_IN, ids=name)
def test_every_form_of_a_signed_in_page_carries_the_token(template: Path) -> None:
    for form in re.findall(r'<form method="post".*?</form>', template.read_text(), re.DOTALL):
        assert "m.token(csrf)" in form


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_every_form_can_be_sent_without_scripts(template: Path) -> None:
    for form in re.findall(r"<form\b.*?</form>", template.read_text(), re.DOTALL):
        assert re.search(r"<button(?![^>]*type=\"button\")|type=\"submit\"", form), form[:200]


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_the_practices_words(template: Path) -> None:
    assert not re.search(r"\b(patients?|users?|customers?|reservations?)\b", template.read_text(), re.IGNORECASE)


def test_a_refusal_is_rendered_and_escaped() -> None:
    page = render_text("error.html", title="No", detail="<b>bold</b>")
    assert "&lt;b&gt;" in page
    assert '<html lang="en">' in page


def test_questions_that_depend_on_others_say_so() -> None:
    questionnaire = parse_questionnaire(FORM)
    notes = [condition_note(questionnaire, one.item) for one in questionnaire.flat if one.item.conditions]
    assert notes
    assert all(note.startswith("Only if you answered “Yes” to “") for note in notes)


def test_answers_are_shown_in_words_under_their_headings() -> None:
    questionnaire = parse_questionnaire(FORM)
    typed = {
        "preferred-name": ["Ana"],
        "earlier-therapy": ["true"],
        "pronouns--other": ["any"],
        "earlier-therapy.ended": ["2020-05-01"],
    }
    response, errors = check_form(questionnaire, typed, partial=True)
    assert errors == []
    shown = answers_shown(questionnaire, response)
    said = {one.text: one.answers for one in shown}
    assert said["What would you like us to call you?"] == ["Ana"]
    assert said["Which pronouns do you use?"] == ["any"]
    assert said["Have you seen a therapist or counselor before?"] == ["Yes"]
    assert ["May 1, 2020"] in said.values()
    assert said["About you"] is None
    assert "What brings you here" not in said


def test_progress_counts_the_questions_that_are_asked_given_the_answers_so_far() -> None:
    questionnaire = parse_questionnaire(FORM)

    def far(typed: dict[str, list[str]]) -> Progress:
        response, _ = check_form(questionnaire, typed, partial=True)
        return progress(questionnaire, response)

    empty, some = far({}), far({"preferred-name": ["Ana"]})
    assert (empty.answered, some.answered) == (0, 1)
    assert empty.total == some.total > 10
    assert far({"medication": ["true"]}).total > empty.total
