"""A greeting as a letter: the provider's words with merge fields filled in, the same for sending and for looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from activities.post import Letterhead
from domain.merge_fields import fill, fill_markdown, name_of_person
from domain.ports import Letter, Letters
from domain.prose import Markdown


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """What a greeting may say of its reader."""

    first_name: str
    last_name: str = ""
    preferred_name: str | None = None


# A made-up client, for previews and for mails to oneself.
SAMPLE = Addressee(first_name="Alex", last_name="Sample", preferred_name="Lex")


class GreetingWriter:
    def __init__(self, letters: Letters, markdown: Markdown, *, base_url: str) -> None:
        self._letters = letters
        self._markdown = markdown
        self._base_url = base_url

    def problems(self, body: str) -> list[str]:
        """What the body can't hold, each as the end of a sentence that begins with "The text"."""
        filled = fill_markdown(body, {"portal_link": self._base_url, "first_name": SAMPLE.first_name})
        return self._markdown.problems(filled)

    def write(
        self, head: Letterhead, greeting: Mapping[str, Any], reader: Addressee, *, unsubscribe: str, test: bool = False
    ) -> Letter:
        """`greeting` is the saved document; `test` marks a mail to oneself as one."""
        values = {
            "first_name": name_of_person(reader.first_name),
            "preferred_name": name_of_person(reader.preferred_name) or name_of_person(reader.first_name),
            "last_name": name_of_person(reader.last_name),
            "practice_name": head.practice_name,
            "practice_phone": head.practice_phone,
            "practice_email": head.reply_to,
            "provider_name": head.provider_name,
            "portal_link": f"{self._base_url}/p/{head.provider_slug}",
        }
        body = self._markdown.write(fill_markdown(greeting["body"], values))
        context = head.context() | {
            "subject": fill(greeting["subject"], values) or head.practice_name,
            "body_html": body.html,
            "body_text": body.text,
            "unsubscribe_link": unsubscribe,
            "test": test,
        }
        return self._letters.write("greeting", context)
