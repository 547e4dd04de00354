"""Contact data: looked at and changed, by the client on the profile page and by staff on the console."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.contact import address_of, change_address
from db.models import Client
from db.settings_store import load_availability, load_signup_form
from db.tenancy import practice_of
from db.timeline import tell
from domain.contact import contact_form
from domain.errors import Conflict
from domain.signup_answers import Answer, check_fields
from domain.signup_form import SignupForm
from domain.signup_values import Reading
from domain.stages import Actor
from domain.states import TimelineKind
from domain.wording import local_date


@dataclass(frozen=True, kw_only=True)
class ContactSheet:
    """`values` are those that are known, by the names of the form's fields (`address` is an object)."""

    form: SignupForm
    values: dict[str, Answer]

    @property
    def seen(self) -> str:
        """What a page shows when it is opened: a change made meanwhile isn't overwritten unseen."""
        return hashlib.sha256(json.dumps(self.values, sort_keys=True).encode()).hexdigest()[:32]


async def look_at_contact(session: AsyncSession, office: Office, client: Client, actor: Actor) -> ContactSheet:
    """As this actor may change it."""
    _, asked = await load_signup_form(session, client.provider_id)
    known: dict[str, Answer | None] = {
        "first_name": client.first_name,
        "last_name": client.last_name,
        "preferred_name": client.preferred_name,
        "pronouns": client.pronouns,
        "date_of_birth": client.date_of_birth.isoformat() if client.date_of_birth else None,
        "phone": client.phone,
        "preferred_contact": client.preferred_contact,
        "address": dict(await address_of(session, office.vault, client)),
    }
    values = {key: value for key, value in known.items() if value}
    form = contact_form(asked, actor, values)
    return ContactSheet(form=form, values={key: value for key, value in values.items() if key in form.by_key})


async def change_contact(
    session: AsyncSession,
    office: Office,
    client: Client,
    given: Mapping[str, object],
    *,
    actor: Actor,
    seen: str | None = None,
) -> list[str]:
    """Write what was given of the locked client down, and leave the rest; the names of what is another now.

    Raises ValidationFailed per field, and Conflict where somebody else changed something since it was `seen`.
    """
    sheet = await look_at_contact(session, office, client, actor)
    answers = check_fields(_only(sheet.form, given), given, await _reading(session, office, client))
    if seen is not None and seen != sheet.seen:
        raise Conflict("This was changed in the meantime, by somebody else or in another window.")
    changed = [key for key in given if answers.get(key) != sheet.values.get(key)]
    for key in changed:
        await _write(session, office, client, key, answers.get(key))
    if changed:
        now = await office.clock.now(session)
        ref = f"{client.id}:{now.isoformat()}"
        await tell(session, client.id, TimelineKind.CONTACT_CHANGED, at=now, actor=actor, ref=ref)
    return changed


def _only(form: SignupForm, given: Mapping[str, object]) -> SignupForm:
    """What isn't named isn't asked; what isn't known here is refused by name."""
    return SignupForm(fields=tuple(field for field in form.fields if field.key in given))


async def _reading(session: AsyncSession, office: Office, client: Client) -> Reading:
    country = (await practice_of(session, client.practice_id)).country
    timezone = (await load_availability(session, client.provider_id)).timezone
    return Reading(
        today=local_date(await office.clock.now(session), timezone),
        check_email=office.checks.email,
        check_phone=lambda value: office.checks.phone(value, country),
    )


async def _write(session: AsyncSession, office: Office, client: Client, key: str, value: Answer | None) -> None:
    match key:
        case "address":
            await change_address(session, office.vault, client, value if isinstance(value, dict) else {})
        case "date_of_birth":
            client.date_of_birth = date.fromisoformat(value) if isinstance(value, str) else None
        case _:
            setattr(client, key, value or "" if key in ("first_name", "last_name") else value)
