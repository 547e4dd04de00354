"""Merge fields of the greeting: `{{first_name}}` and the like, from a list that holds no health data.

`{{first_name|friend}}` says what stands there where the value is missing. Without such words a missing value takes the
blank before it along, so that "Hello {{first_name}}," reads "Hello,".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

MERGE_FIELDS = (
    *("first_name", "preferred_name", "last_name"),
    *("practice_name", "practice_phone", "practice_email", "provider_name", "portal_link"),
)

_FIELD = re.compile(r"(?P<blank>[ \t]?)\{\{(?P<name>[^{}|]*)(?:\|(?P<otherwise>[^{}]*))?\}\}")
_AT_THE_BEGINNING = re.compile(
    r"^\{\{(?P<name>[^{}|]*)(?:\|(?P<otherwise>[^{}]*))?\}\}(?:[,;:]?[ \t]*(?P<next>[a-z])?)", re.MULTILINE
)
# Where a link's address is expected: there a bare address stands, not a link.
_IN_A_LINK = re.compile(r"\]\([ \t]*$")
_OTHERS_IN_A_LINK = re.compile(r"\]\([^)]*\{\{(?!\s*portal_link\s*\}\})")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# A name that leads somewhere is nobody's: mails to addresses that nobody has verified carry no strangers' links.
_LEADS_SOMEWHERE = re.compile(r"https?:|://|www\.|@|\.[a-z]{2,}/", re.IGNORECASE)


def check_template(text: str) -> list[str]:
    """The fields that `text` uses and that don't exist, each once, in order; empty when all is well."""
    names = (match["name"].strip() for match in _FIELD.finditer(text))
    return list(dict.fromkeys(name for name in names if name not in MERGE_FIELDS))


def field_in_an_address(text: str) -> bool:
    """Whether a link's address holds a field other than `portal_link`: what a client is called is no website's."""
    return _OTHERS_IN_A_LINK.search(text) is not None


def name_of_person(value: str | None) -> str:
    """A name as it may stand in a mail; nothing where it holds a link or an address."""
    said = " ".join((value or "").split())
    return "" if _LEADS_SOMEWHERE.search(said) else said


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its fields replaced, for plain text.

    Unknown fields and single braces stay as they are, and what a value contains is never read as a field.
    """
    return _fill(text, values, lambda name, value, before: value)


def fill_markdown(text: str, values: Mapping[str, str]) -> str:
    """The same for Markdown: what a value contains is never read as Markdown either; `portal_link` becomes a link."""
    return _fill(text, values, _as_markdown)


def _as_markdown(name: str, value: str, before: str) -> str:
    # CommonMark 2.4: any ASCII punctuation may be escaped by a backslash, also within a link's address.
    escaped = _PUNCTUATION.sub(r"\\\1", " ".join(value.split()))
    if name != "portal_link" or _IN_A_LINK.search(before):
        return escaped
    return f"[{escaped}]({escaped})"


def _fill(text: str, values: Mapping[str, str], write: Callable[[str, str, str], str]) -> str:
    def said(match: re.Match[str]) -> str:
        return values.get(match["name"].strip(), "").strip() or (match["otherwise"] or "").strip()

    def begun(match: re.Match[str]) -> str:
        """A sentence that loses its beginning begins with what comes next."""
        missing = match["name"].strip() in MERGE_FIELDS and not said(match)
        return (match["next"] or "").upper() if missing else match[0]

    def filled(match: re.Match[str]) -> str:
        name, value = match["name"].strip(), said(match)
        if name not in MERGE_FIELDS:
            return match[0]
        return match["blank"] + write(name, value, match.string[: match.start("name") - 2]) if value else ""

    shorter = _AT_THE_BEGINNING.sub(begun, text)
    while shorter != text:
        text, shorter = shorter, _AT_THE_BEGINNING.sub(begun, shorter)
    return _FIELD.sub(filled, text)
