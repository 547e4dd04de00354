"""What people type: trimmed, and free of what can't be printed, stored or mailed."""

from __future__ import annotations

import unicodedata

# Control characters, halves of surrogate pairs, and line and paragraph separators. Joiners (Cf) belong to real names.
_REFUSED = {"Cc", "Cs", "Zl", "Zp"}
# They turn the text around that follows them, in a mail for instance.
_TURNERS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown_name(name: object, longest: int = 60) -> str:
    """A name that somebody sent, short and fit to be sent back in an error."""
    return str(name)[:longest].encode("utf-8", "replace").decode("utf-8")


def check_printable(value: str, *, lines: bool = False) -> None:
    """Raises ValueError with a sentence for the person who typed it; with `lines`, line breaks and tabs are fine."""
    for character in value:
        if lines and character in "\r\n\t":
            continue
        if character in _TURNERS or unicodedata.category(character) in _REFUSED:
            raise ValueError("Please leave out characters that can't be printed.")


def clean_text(value: str, longest: int, *, lines: bool = False) -> str:
    """`value` trimmed and in Unicode's composed form (NFC); with `lines`, line breaks and tabs are kept.

    Raises ValueError with a sentence for the person who typed it.
    """
    if len(value) > 4 * longest + 100:  # long before anything is done with it
        raise ValueError(f"Please use at most {longest} characters.")
    if lines:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = value.strip()
    check_printable(value, lines=lines)
    value = unicodedata.normalize("NFC", value)
    if len(value) > longest:
        raise ValueError(f"Please use at most {longest} characters.")
    return value
