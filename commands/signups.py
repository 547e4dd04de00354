"""Anonymous signup on the website: verified, validated, written, accepted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from commands.idempotency import earlier_result, keep_result
from commands.office import Office
from db.events import (
    RECORD_STEPS,
    TELL_RELAY,
    EventKind,
    body_hash,
    client_subject,
    event_values,
    note_recorded,
)
from db.ids import new_id
from db.in_force import InForce
from domain.decisions import signup_refusal
from domain.errors import ValidationFailed
from domain.ports import Vault
from domain.signup_answers import SignupAnswers, check_signup, sealed_part
from domain.stages import Stage, Track
from domain.wording import local_date

_SIGN_UP = text(
    " ".join(
        (
            """
            WITH newcomer AS (
              INSERT INTO client (id, practice_id, provider_id, track, stage, first_name, last_name, email, phone,
                                  date_of_birth, preferred_contact, preferred_name, pronouns, created_at)
              VALUES (:client_id, :practice_id, :provider_id, :track, :stage, :first_name, :last_name, :email, :phone,
                      :date_of_birth, :preferred_contact, :preferred_name, :pronouns, :now)),
            given AS (
              INSERT INTO signup (id, client_id, provider_id, form_version, sealed_answers, created_at)
              VALUES (:signup_id, :client_id, :provider_id, :form_version, :sealed_answers, :now)),
            own_key AS (
              INSERT INTO data_key (client_id, wrapped_key)
              SELECT :client_id, CAST(:wrapped_key AS bytea) WHERE :wrapped_key IS NOT NULL),""",
            RECORD_STEPS,
            TELL_RELAY,
        )
    )
)


async def sign_up(
    session: AsyncSession,
    office: Office,
    here: InForce,
    fields: Mapping[str, object],
    *,
    idempotency_key: str | None = None,
) -> str:
    """Accept a sign-up; its id. Raises SignupClosed, SubscriptionInactive, ValidationFailed, Conflict.

    The answer is the same whether or not the person is known: it must not tell. Without a key one statement writes all
    of it, so that a session of `Database.statements` will do.
    """
    refusal = signup_refusal(here.policy.policy, here.standing)
    if refusal is not None:
        raise refusal
    scope = f"signup:{here.provider_id}"
    earlier = await earlier_result(session, scope, idempotency_key, fields)
    if earlier is not None:
        return str(earlier["signup_id"])
    now = office.clock.at(here.clock_offset)
    today = local_date(now, here.availability.timezone)

    def check_phone(value: str) -> str:
        return office.checks.phone(value, here.country)

    answers = check_signup(here.signup_form, fields, today, office.checks.email, check_phone)
    signup_id = new_id("sgn")
    await _write(session, office.vault, here, answers, signup_id, now)
    await keep_result(session, scope, idempotency_key, fields, {"signup_id": signup_id})
    return signup_id


async def _write(
    session: AsyncSession, vault: Vault, here: InForce, answers: SignupAnswers, signup_id: str, now: datetime
) -> None:
    client_id = new_id("cli")
    payload = {"signup_id": signup_id}
    event = event_values(
        source="website",
        tenant=here.provider_id,
        external_id=signup_id,
        kind=EventKind.SIGNED_UP,
        subject=client_subject(client_id),
        payload=payload,
        digest=body_hash(payload),
    )
    values = {
        "client_id": client_id,
        "practice_id": here.practice_id,
        "provider_id": here.provider_id,
        "track": str(Track.ANONYMOUS),
        "stage": str(Stage.RECORDED),
        "first_name": answers.first_name,
        "last_name": answers.last_name,
        "email": answers.email,
        "phone": answers.phone,
        "date_of_birth": answers.date_of_birth,
        "preferred_contact": answers.preferred_contact,
        "preferred_name": answers.preferred_name,
        "pronouns": answers.pronouns,
        "now": now,
        "signup_id": signup_id,
        "form_version": here.form_version,
    }
    sealed = _sealed(vault, here, answers, signup_id)
    await session.execute(_SIGN_UP, values | sealed | event)
    note_recorded(session, client_subject(client_id))


def trapped(honeypot: object) -> bool:
    """Whether the field that people don't see was filled in."""
    return honeypot not in (None, "")


def decoy_id() -> str:
    """What a robot is answered: the same shape, and nothing behind it."""
    return new_id("sgn")


def require_mapping(value: object, field: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValidationFailed.of(field, "must be an object")
    return value


def _sealed(vault: Vault, here: InForce, answers: SignupAnswers, signup_id: str) -> dict[str, bytes | None]:
    """Under a key of the client's own, which most forms' answers don't need yet: contact data isn't sealed."""
    content = sealed_part(here.signup_form, here.form_version, answers)
    if content is None:
        return {"wrapped_key": None, "sealed_answers": None}
    key = vault.new_data_key()
    sealed = vault.seal(key, json.dumps(content, ensure_ascii=False).encode(), signup_id)
    return {"wrapped_key": key, "sealed_answers": sealed}
