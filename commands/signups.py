"""Anonymous signup on the website: verified, validated, written, accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from commands.idempotency import earlier_result, keep_result
from commands.office import Office
from db.events import EventKind, client_subject, record_event
from db.ids import new_id
from db.models import Client, Provider, Signup
from db.settings_store import load_availability, load_policy, load_signup_form, practice_standing
from domain.decisions import signup_refusal
from domain.errors import DomainError, ValidationFailed
from domain.signup_answers import check_signup
from domain.stages import Stage, Track
from domain.wording import local_date


async def refuse_if_closed(session: AsyncSession, provider: Provider) -> None:
    """Raises SignupClosed or SubscriptionInactive while nobody can sign up here."""
    refusal = await closed_reason(session, provider)
    if refusal is not None:
        raise refusal


async def closed_reason(session: AsyncSession, provider: Provider) -> DomainError | None:
    policy = (await load_policy(session, provider.id)).policy
    return signup_refusal(policy, await practice_standing(session, provider))


async def sign_up(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    fields: Mapping[str, object],
    *,
    idempotency_key: str | None = None,
) -> str:
    """Accept a sign-up; its id. Raises SignupClosed, SubscriptionInactive, ValidationFailed, Conflict.

    The answer is the same whether or not the person is known: it must not tell.
    """
    await refuse_if_closed(session, provider)
    scope = f"signup:{provider.id}"
    earlier = await earlier_result(session, scope, idempotency_key, fields)
    if earlier is not None:
        return str(earlier["signup_id"])
    now = await office.clock.now(session)
    version, form = await load_signup_form(session, provider.id)
    timezone = (await load_availability(session, provider.id)).timezone
    answers = check_signup(form, fields, local_date(now, timezone), office.checks.email, office.checks.phone)
    client = Client(
        id=new_id("cli"),
        practice_id=provider.practice_id,
        provider_id=provider.id,
        track=str(Track.ANONYMOUS),
        stage=str(Stage.RECORDED),
        first_name=answers.first_name,
        last_name=answers.last_name,
        email=answers.email,
        phone=answers.phone,
        date_of_birth=answers.date_of_birth,
        preferred_contact=answers.preferred_contact,
        created_at=now,
    )
    session.add(client)
    await session.flush()
    signup = Signup(
        id=new_id("sgn"),
        client_id=client.id,
        provider_id=provider.id,
        form_version=version,
        custom=_storable(answers.custom),
        created_at=now,
    )
    session.add(signup)
    await record_event(
        session,
        source="website",
        tenant=provider.id,
        external_id=signup.id,
        kind=EventKind.SIGNED_UP,
        subject=client_subject(client.id),
        payload={"signup_id": signup.id},
    )
    await keep_result(session, scope, idempotency_key, fields, {"signup_id": signup.id})
    return signup.id


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


def _storable(custom: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in custom.items()}
