"""Merge fields of the greeting: `{{first_name}}` and the like, from a list that holds no health data."""

from __future__ import annotations

import re
from collections.abc import Mapping

MERGE_FIELDS = ("first_name", "practice_name", "provider_name", "practice_phone", "portal_link")

_FIELD = re.compile(r"\{\{([^{}]*)\}\}")


def check_template(text: str) -> list[str]:
    """The fields that `text` uses and that don't exist, each once, in order; empty when all is well."""
    names = (match[1].strip() for match in _FIELD.finditer(text))
    return list(dict.fromkeys(name for name in names if name not in MERGE_FIELDS))


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its fields replaced, one that has no value by nothing.

    Unknown fields and single braces stay as they are, and what a value contains is never read as a field.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1].strip()
        return values.get(name, "") if name in MERGE_FIELDS else match[0]

    return _FIELD.sub(value, text)
