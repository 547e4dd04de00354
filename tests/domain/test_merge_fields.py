"""Merge fields: what is filled in, and what is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.merge_fields import MERGE_FIELDS, check_template, fill


def test_fields_are_filled_in_with_or_without_spaces() -> None:
    values = {"first_name": "Ada", "practice_name": "Harbor"}
    assert fill("Dear {{first_name}}, welcome to {{ practice_name }}.", values) == "Dear Ada, welcome to Harbor."


def test_single_braces_are_literal() -> None:
    assert fill("{first_name} {{{first_name}}}", {"first_name": "Ada"}) == "{first_name} {Ada}"
    assert check_template("{first_nam} {{first_name}") == []


def test_unknown_fields_are_named_once_in_order() -> None:
    assert check_template("{{diagnosis}} {{first_name}} {{ born }} {{diagnosis}} {{}}") == ["diagnosis", "born", ""]


def test_a_field_without_a_value_is_nothing_and_an_unknown_one_stays() -> None:
    assert fill("Hello {{first_name}}! {{nobody}}", {}) == "Hello ! {{nobody}}"


def test_what_a_value_contains_is_not_read_as_a_field() -> None:
    values = {"first_name": "{{portal_link}}", "portal_link": "https://example.org"}
    assert fill("{{first_name}}", values) == "{{portal_link}}"


@given(st.text(alphabet="{} ab", max_size=40), st.sampled_from(MERGE_FIELDS))
def test_text_without_known_fields_is_left_alone(text: str, name: str) -> None:
    assert fill(text, dict.fromkeys(MERGE_FIELDS, "x")) == text
    assert check_template(f"{{{{{name}}}}}") == []
