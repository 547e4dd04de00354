"""The wording of mails: `email/<name>/{subject.txt,body.txt,body.html}`, rendered by Jinja."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from domain.ports import Letter

_EMAILS = Path(__file__).parent / "email"


class JinjaLetters:
    """A missing value is an error at once, not a gap in a client's mail."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_EMAILS),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def write(self, name: str, context: Mapping[str, object]) -> Letter:
        def render(part: str) -> str:
            return self._environment.get_template(f"{name}/{part}").render(**context).strip() + "\n"

        return Letter(subject=render("subject.txt").strip(), text=render("body.txt"), html=render("body.html"))
