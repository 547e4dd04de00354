"""Regular expressions that come with an imported form: used only when no answer can make them run for ever."""

from __future__ import annotations

import importlib
import re
import warnings
from typing import Any

LONGEST_PATTERN = 500
# Longer answers to a question with a pattern are refused: what a pattern costs grows with the answer.
LONGEST_MATCHED = 200
_MOST_STEPS = 20_000_000

# Python's own reader of patterns; matching by hand-made copies of its grammar would disagree with it sooner or later.
_parser: Any = importlib.import_module("re._parser")


def check_pattern(pattern: str) -> None:
    """Raises ValueError, saying what isn't supported, where `pattern` can't be used safely."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a regex of more than {LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            steps = _steps(_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError, Warning):
        raise ValueError("a regex that isn't understood here") from None
    if steps > _MOST_STEPS:
        raise ValueError("a regex that can take too long")


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of `value` matches, as FHIR's regex extension means it."""
    return len(value) <= LONGEST_MATCHED and re.fullmatch(pattern, value) is not None


def _steps(parts: Any) -> int:
    """In how many ways, at most, a matcher that backtracks can try the parts on the longest answer."""
    steps = 1
    for operation, argument in parts:
        steps = min(steps * _steps_of(str(operation), argument), _MOST_STEPS * 10)
    return steps


def _steps_of(operation: str, argument: Any) -> int:
    match operation:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, body = argument
            inner: int = _steps(body)
            if least == most:
                return int(min(inner, _MOST_STEPS) ** min(int(most), 50))
            if inner > 1 and most > 1:  # (a+)+: the ways multiply with each round
                raise ValueError("a regex with a repetition inside a repetition")
            rounds = min(int(most), LONGEST_MATCHED) - int(least) + 1
            return inner * max(rounds, 2)
        case "SUBPATTERN":
            return _steps(argument[-1])
        case "BRANCH":
            return sum(_steps(branch) for branch in argument[1])
        case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN" | "CATEGORY" | "RANGE" | "AT" | "NEGATE":
            return 1
    raise ValueError("a regex with look-around or references")
