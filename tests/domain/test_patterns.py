"""Patterns of imported forms: ordinary ones are used, those that could run for ever are refused."""

from __future__ import annotations

import time

import pytest

from domain.patterns import LONGEST_MATCHED, check_pattern, matches


@pytest.mark.parametrize(
    ("pattern", "right", "wrong"),
    [
        (r"[^@\s]+@[^@\s]+\.[^@\s]+", "a@b.c", "a@b"),
        (r"^\d{5}(-\d{4})?$", "12345-6789", "12345-67"),
        (r"(\d{1,3}\.){3}\d{1,3}", "10.0.0.1", "10.0.0"),
        (r"(?i)(yes|no)", "YES", "maybe"),
    ],
)
def test_ordinary_patterns_match_the_whole_answer(pattern: str, right: str, wrong: str) -> None:
    check_pattern(pattern)
    assert matches(pattern, right)
    assert not matches(pattern, wrong)
    assert not matches(".*", "x" * (LONGEST_MATCHED + 1))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(a|b|ab)*c",
        r"(a?){50}b",
        r".*.*.*.*b",
        r"(a)\1",
        r"(?=a)b",
        r"\p{L}",
        "[[a]",
        "(",
        "x" * 501,
        "((a*)*)*",
    ],
)
def test_what_could_run_for_ever_or_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="a regex"):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", [r".*.*.*b", r"\w*\w*\w*!", r"(a{0,50}){3}b"])
def test_the_worst_that_is_allowed_ends_soon(pattern: str) -> None:
    check_pattern(pattern)
    began = time.perf_counter()
    assert not matches(pattern, "a" * LONGEST_MATCHED)
    assert time.perf_counter() - began < 1
