"""What a practice pastes into its own website: a link, a button, or the form. Without scripts each is a link."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import escape


@dataclass(frozen=True, kw_only=True)
class Snippets:
    """HTML to be pasted as it is; `page` is the address of the provider's page."""

    base_url: str
    slug: str
    name: str

    @property
    def page(self) -> str:
        return f"{self.base_url}/p/{self.slug}"

    @property
    def button(self) -> str:
        return (
            f'<a href="{self.page}" data-portico-button="{self.slug}">New and existing clients</a>\n'
            f'<script async src="{self._script}"></script>'
        )

    @property
    def form(self) -> str:
        return (
            f'<div data-portico-form="{self.slug}">\n'
            f'  <a href="{self.page}/signup">I\'m a New Client: sign up with {escape(self.name)}</a>\n'
            "</div>\n"
            f'<script async src="{self._script}"></script>'
        )

    @property
    def _script(self) -> str:
        return f"{self.base_url}/embed/{self.slug}.js"

    @property
    def letter(self) -> str:
        """A `mailto:` address: all of it, for whoever looks after the website."""
        body = (
            "Hello,\n\nplease put one of these into our website.\n\n"
            f"A link to our sign-up page:\n{self.page}\n\n"
            f"A button:\n{self.button}\n\n"
            f"The sign-up form itself:\n{self.form}\n\n"
            "For the form, please tell us the exact address of the website (such as https://www.example.com), "
            "so that we can allow it.\n\nThank you!\n"
        )
        return f"mailto:?subject={quote('Client sign-up for our website')}&body={quote(body)}"
