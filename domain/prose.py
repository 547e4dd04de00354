"""What a provider writes for a mail: the port that turns Markdown into the two forms of a mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Prose:
    """The same words as an HTML fragment, fit for a mail, and as plain text."""

    html: str
    text: str


class Markdown(Protocol):
    """A small, safe subset of it."""

    def problems(self, text: str) -> list[str]:
        """What has no place in a mail, each as the end of a sentence that begins with "The text"; empty when fine."""

    def write(self, text: str) -> Prose: ...
