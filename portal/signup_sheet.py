"""What a client answered when they signed up, as staff read it: by the labels of the form's version of that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Client
from db.signups import form_of_version, opened_answers
from domain.ports import Vault
from domain.signup_fields import FieldType, SignupField


@dataclass(frozen=True, kw_only=True)
class Line:
    label: str
    lines: list[str]


@dataclass(frozen=True, kw_only=True)
class SignupSheet:
    """The sealed answers in the form's order; contact data stands on the client."""

    at: datetime
    version: int
    lines: list[Line]
    withheld: bool = False  # something was answered that isn't shown here


async def signup_shown(session: AsyncSession, vault: Vault, client: Client, *, everything: bool) -> SignupSheet | None:
    """None for a client who was invited. `everything`: what may be health data, too."""
    given = (await opened_answers(session, vault, [client.id])).get(client.id)
    if given is None:
        return None
    signup, answers = given
    form = await form_of_version(session, client.provider_id, signup.form_version)
    values = {**answers["details"], **{f"custom.{key}": value for key, value in answers["custom"].items()}}
    return SignupSheet(
        at=signup.created_at,
        version=signup.form_version,
        lines=[
            Line(label=one.label, lines=_spoken(one, values[one.name], answers["consents"].get(one.key)))
            for one in form.asked
            if one.name in values and (everything or not _may_be_health(one))
        ],
        withheld=not everything and any(one.name in values and _may_be_health(one) for one in form.asked),
    )


def _may_be_health(one: SignupField) -> bool:
    """Why somebody comes, and whatever the practice asks of its own."""
    return one.name == "reason_for_contact" or one.name.startswith("custom.")


def _spoken(one: SignupField, value: Any, consent: dict[str, Any] | None) -> list[str]:
    if one.type is FieldType.GROUP:
        return [f"{part.label}: {value[part.key]}" for part in one.parts if part.key in value]
    if isinstance(value, list):
        return [str(each) for each in value]
    if consent is not None:
        return ["Agreed" if value else "Not agreed", f"SHA-256 of the text: {consent['sha256']}"]
    if isinstance(value, bool):
        return ["Yes" if value else "No"]
    return str(value).split("\n")
