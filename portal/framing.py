"""Pages that stand inside somebody's website: who may show them, and the token by which their forms are believed.

They need no cookie and set none: browsers keep cookies of framed pages away from us, and rightly so.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import Request
from markupsafe import Markup

from commands.office import Office
from db.in_force import in_force_at
from web.fields import opaque_id
from web.transactions import TheOffice

FORM_LIVES = timedelta(days=1)  # somebody may look something up, and come back to the form
_PURPOSE = "embedded-signup"
# A mail that is looked at has its styles in its elements: in a frame without scripts, and nowhere else on the page.
MAIL_IN_A_FRAME = {
    "Content-Security-Policy": "default-src 'self'; style-src-attr 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
}


@dataclass(frozen=True, kw_only=True)
class Framed:
    """`websites` are the origins whose pages may show the answer; with none, nobody may."""

    slug: str
    websites: tuple[str, ...]

    @property
    def ancestors(self) -> str:
        """For `frame-ancestors` (Content Security Policy Level 3, 6.4.2)."""
        return " ".join(self.websites) or "'none'"


async def framed(request: Request, provider: str, office: TheOffice) -> None:
    """Before all else, so that a refusal can be read where the form stands. Raises NotFound."""
    async with office.database.statements() as session:
        here = await in_force_at(session, opaque_id(provider))
    request.state.framed = Framed(slug=opaque_id(provider), websites=here.policy.policy.website_origins)


def framed_of(request: Request) -> Framed | None:
    found: Framed | None = getattr(request.state, "framed", None)
    return found


# Attributes of links to pages that can't be shown inside another website.
LEADING_AWAY = Markup(' target="_blank" rel="noopener"')


def mint_form_token(office: Office, slug: str) -> str:
    """For one form that is shown; on wall time, like all signatures."""
    return office.tokens.mint(_PURPOSE, f"{slug}:{int(datetime.now(UTC).timestamp())}:{secrets.token_urlsafe(12)}")


def read_form_token(office: Office, slug: str, token: str) -> str | None:
    """What makes two taps one sign-up; None for a token that isn't ours, is of another form, or has lived too long."""
    subject = office.tokens.read(_PURPOSE, token) if token.isascii() else None
    if subject is None:
        return None
    whose, shown_at, once = subject.rsplit(":", 2)
    age = datetime.now(UTC).timestamp() - int(shown_at)
    return f"embedded:{once}" if whose == slug and age <= FORM_LIVES.total_seconds() else None
