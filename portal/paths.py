"""Addresses within the house: local ones only, with their query, and names fit for HTML ids."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")


def with_query(path: str, **parameters: str | None) -> str:
    """`path?name=value`, leaving out what is None; a fragment stays at the end."""
    given = {name: value for name, value in parameters.items() if value is not None}
    page, hash_sign, fragment = path.partition("#")
    return f"{page}?{urlencode(given)}{hash_sign}{fragment}" if given else path


def local_path(value: str | None, fallback: str) -> str:
    """`value` if it leads to a page of our own, else `fallback`: nobody is sent elsewhere after signing in."""
    if value is None or not value.startswith("/") or not value.isascii() or not value.isprintable():
        return fallback
    if value.startswith("//") or "\\" in value or len(value) > 500:
        return fallback
    parts = urlsplit(value)
    return fallback if parts.scheme or parts.netloc else value


def identifier(name: str) -> str:
    """The id of the input called `name`: unique for the names we make, and without characters that CSS minds."""
    return "f-" + _NOT_IN_IDS.sub(lambda found: f"_{ord(found[0]):x}_", name)
