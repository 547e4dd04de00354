"""Stripe's form encoding: `a[b][0][c]=x` to nested dictionaries, in which lists still carry their indexes as keys."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from devstack.simulator.errors import ApiError

Form = dict[str, Any]
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse_form(text: str) -> Form:
    """Parse a query string or form body; leaves are strings."""
    form: Form = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        match = _KEY.match(key)
        if match is None:
            raise ApiError(f"Invalid parameter name: {key}", param=key)
        _place(form, [match[1], *_PART.findall(match[2])], value, key)
    return form


def _place(form: Form, path: list[str], value: str, key: str) -> None:
    node = form
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise ApiError(f"Invalid parameter: {key}", param=key)
    node[path[-1] or str(len(node))] = value
