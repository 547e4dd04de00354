"""Secrets by which other programs speak for a practice: API keys, and what a provider's webhooks are signed with.

Each is told once, when it is made. Of an API key only a hash is kept; a webhook's secret is sealed, since a signature
can't be checked by a hash.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from db.ids import new_id
from db.models import ApiKey, Provider, ProviderWebhookSecret
from domain.audit import AuditKind
from domain.errors import Conflict, NotFound, ValidationFailed
from domain.practices import LONGEST_LABEL
from domain.texts import clean_text

_MOST_KEYS, _MOST_SECRETS = 20, 5


@dataclass(frozen=True, kw_only=True)
class Keys:
    """What a practice has: its API keys, and for each provider the secrets in force, oldest first."""

    api_keys: Sequence[ApiKey]
    webhooks: Sequence[tuple[Provider, Sequence[ProviderWebhookSecret]]]


async def keys_of(session: AsyncSession, practice_id: str) -> Keys:
    keys = select(ApiKey).where(ApiKey.practice_id == practice_id).order_by(ApiKey.created_at, ApiKey.id)
    providers = select(Provider).where(Provider.practice_id == practice_id).order_by(Provider.name, Provider.id)
    found = list(await session.scalars(providers))
    query = select(ProviderWebhookSecret).where(ProviderWebhookSecret.provider_id.in_([one.id for one in found]))
    rows = list(await session.scalars(query.order_by(ProviderWebhookSecret.created_at, ProviderWebhookSecret.id)))
    return Keys(
        api_keys=list(await session.scalars(keys)),
        webhooks=[(one, [row for row in rows if row.provider_id == one.id]) for one in found],
    )


async def make_api_key(session: AsyncSession, office: Office, label: str, who: Who) -> str:
    """The key, told this once. Raises ValidationFailed and Conflict (too many)."""
    try:
        name = clean_text(label, LONGEST_LABEL)
    except ValueError as error:
        raise ValidationFailed.of("label", str(error)) from None
    if not name:
        raise ValidationFailed.of("label", "Please say what it is for: it is how you will know it again.")
    if len((await keys_of(session, who.practice_id)).api_keys) >= _MOST_KEYS:
        raise Conflict(f"There are {_MOST_KEYS} keys already. Revoke one that isn't used any more.")
    key = f"pk_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        id=new_id("key"),
        practice_id=who.practice_id,
        key_hash=hashlib.sha256(key.encode()).hexdigest(),
        label=name,
        created_at=await office.clock.now(session),
    )
    session.add(row)
    await note(session, office, who, AuditKind.API_KEY_MADE, row.id)
    return key


async def revoke_api_key(session: AsyncSession, office: Office, key_id: str, who: Who) -> None:
    """In force with the next request. Raises NotFound."""
    query = delete(ApiKey).where(ApiKey.id == key_id, ApiKey.practice_id == who.practice_id).returning(ApiKey.id)
    if await session.scalar(query) is None:
        raise NotFound("There is no such key at this practice.")
    await note(session, office, who, AuditKind.API_KEY_REVOKED, key_id)


async def make_webhook_secret(session: AsyncSession, office: Office, provider: Provider, who: Who) -> str:
    """Beside those there are, so that a sender can change over; told this once. Raises Conflict (too many)."""
    await session.execute(select(Provider.id).where(Provider.id == provider.id).with_for_update(key_share=True))
    query = select(ProviderWebhookSecret.id).where(ProviderWebhookSecret.provider_id == provider.id)
    if len((await session.scalars(query)).all()) >= _MOST_SECRETS:
        raise Conflict(f"{provider.name} has {_MOST_SECRETS} secrets already. Revoke one that isn't used any more.")
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
    row_id, wrapped_key = new_id("whs"), office.vault.new_data_key()
    session.add(
        ProviderWebhookSecret(
            id=row_id,
            provider_id=provider.id,
            wrapped_key=wrapped_key,
            sealed_secret=office.vault.seal(wrapped_key, secret.encode(), row_id),
            created_at=await office.clock.now(session),
        )
    )
    await note(session, office, who, AuditKind.WEBHOOK_SECRET_MADE, row_id)
    return secret


async def revoke_webhook_secret(session: AsyncSession, office: Office, secret_id: str, who: Who) -> None:
    """What is signed with it is refused from now on. Raises NotFound."""
    own = select(Provider.id).where(Provider.practice_id == who.practice_id)
    row = ProviderWebhookSecret
    query = delete(row).where(row.id == secret_id, row.provider_id.in_(own)).returning(row.id)
    if await session.scalar(query) is None:
        raise NotFound("There is no such secret at this practice.")
    await note(session, office, who, AuditKind.WEBHOOK_SECRET_REVOKED, secret_id)
