"""The words around the greeting: what its merge fields stand for, how its text is written."""

from __future__ import annotations

from domain.merge_fields import MERGE_FIELDS

MERGE_FIELD = {
    "first_name": "the client's first name",
    "preferred_name": "the name they want to be called by, else the first name",
    "last_name": "the client's last name",
    "practice_name": "your practice",
    "practice_phone": "the practice's phone number",
    "practice_email": "the practice's email address",
    "provider_name": "the provider",
    "portal_link": "your page, where clients sign in",
}
# How text is set off: what is typed, and what comes of it.
MARKDOWN = (
    ("**strong**", "strong words"),
    ("*emphasis*", "words in italics"),
    ("# Heading", "a heading"),
    ("- item", "a list; 1. for a numbered one"),
    ("[our page](https://www.example.com)", "a link; bare addresses become one by themselves"),
    ("> words", "a quotation"),
    ("---", "a line across"),
)


def merge_fields() -> list[tuple[str, str]]:
    """Each as it is typed, and what it stands for."""
    return [(f"{{{{{name}}}}}", MERGE_FIELD[name]) for name in MERGE_FIELDS]
