"""Merge fields: what is filled in, what is left alone, and how it reads where something is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merge_fields import MERGE_FIELDS, check_template, fill, fill_markdown, name_of_person


def test_fields_are_filled_in_with_or_without_spaces() -> None:
    values = {"first_name": "Ada", "practice_name": "Harbor"}
    assert fill("Dear {{first_name}}, welcome to {{ practice_name }}.", values) == "Dear Ada, welcome to Harbor."


def test_single_braces_are_literal() -> None:
    assert fill("{first_name} {{{first_name}}}", {"first_name": "Ada"}) == "{first_name} {Ada}"
    assert check_template("{first_nam} {{first_name}") == []


def test_unknown_fields_are_named_once_in_order() -> None:
    text = "{{diagnosis}} {{first_name}} {{ born }} {{diagnosis}} {{}} {{last_nam|you}}"
    assert check_template(text) == ["diagnosis", "born", "", "last_nam"]


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("Hello {{first_name}}!", "Hello!"),
        ("Dear {{first_name}},\n\nwelcome", "Dear,\n\nwelcome"),
        ("Dear {{first_name|friend}},", "Dear friend,"),
        ("{{first_name}}, welcome", "Welcome"),
        ("Hi\n{{first_name}}: you are welcome", "Hi\nYou are welcome"),
        ("{{first_name}}", ""),
        ("We ({{first_name}}) are here", "We () are here"),
        ("from {{first_name}} {{last_name}}.", "from."),
        ("Hello {{nobody}}", "Hello {{nobody}}"),
    ],
)
def test_a_missing_value_reads_well(text: str, reads: str) -> None:
    assert fill(text, {}) == reads
    assert fill(text, {"first_name": "  "}) == reads


def test_what_a_value_contains_is_not_read_as_a_field() -> None:
    values = {"first_name": "{{portal_link}}", "portal_link": "https://example.org"}
    assert fill("{{first_name}}", values) == "{{portal_link}}"


def test_what_a_value_contains_is_not_read_as_markdown() -> None:
    values = {"first_name": "*[x](https://evil.example)*\n# <b>"}
    filled = fill_markdown("Hello {{first_name}}", values)
    assert filled == r"Hello \*\[x\]\(https\:\/\/evil\.example\)\* \# \<b\>"


def test_the_portal_link_is_a_link_and_within_a_link_its_address() -> None:
    values = {"portal_link": "https://a.example/p/x"}
    address = r"https\:\/\/a\.example\/p\/x"
    assert fill_markdown("See {{portal_link}}", values) == f"See [{address}]({address})"
    assert fill_markdown("[here]({{portal_link}})", values) == f"[here]({address})"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ana", "Ana"),
        ("  Ana\u00a0 Maria ", "Ana Maria"),
        ("O'Brien-Smith Jr.", "O'Brien-Smith Jr."),
        ("https://evil.example", ""),
        ("Win at www.evil.example", ""),
        ("me@evil.example", ""),
        ("evil.com/now", ""),
        (None, ""),
    ],
)
def test_a_name_that_leads_somewhere_is_left_out(name: str | None, said: str) -> None:
    assert name_of_person(name) == said


@given(st.text(alphabet="{}| ab,\n", max_size=40), st.sampled_from(MERGE_FIELDS))
def test_text_without_known_fields_is_left_alone(text: str, name: str) -> None:
    values = dict.fromkeys(MERGE_FIELDS, "x")
    assert fill(text, values) == fill_markdown(text, values) == text
    assert check_template(f"{{{{{name}}}}}") == []
