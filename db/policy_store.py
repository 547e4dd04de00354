"""The portal settings by level: read together, saved as versions of one level; the highest version is in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Client, ClientPolicyVersion, Practice, PracticeSettingsVersion, Provider, SettingsVersion
from db.tenancy import still_here
from domain.errors import Conflict, NotFound
from domain.policy import PortalPolicy
from domain.policy_levels import ResolvedPolicy, Source, resolve

_IN_FORCE = text(
    """
    SELECT practice.version AS practice_version, practice.document AS practice,
           provider.version AS provider_version, provider.document AS provider,
           client.version AS client_version, client.document AS client
      FROM provider p
      LEFT JOIN LATERAL (
        SELECT version, document::text AS document FROM practice_settings_version
         WHERE practice_id = p.practice_id ORDER BY version DESC LIMIT 1) practice ON true
      LEFT JOIN LATERAL (
        SELECT version, document::text AS document FROM settings_version
         WHERE provider_id = p.id AND kind = 'portal-settings' ORDER BY version DESC LIMIT 1) provider ON true
      LEFT JOIN LATERAL (
        SELECT version, document::text AS document FROM client_policy_version
         WHERE client_id = CAST(:client_id AS text) ORDER BY version DESC LIMIT 1) client ON true
     WHERE p.id = :provider_id"""
)
# Kept among the provider's documents, as one kind of them.
_PROVIDERS_KIND = "portal-settings"
# Documents are read anew each time, so that a change shows at once; what one says is worked out once.
_REMEMBERED = 512


@dataclass(frozen=True, kw_only=True)
class PolicyInForce:
    """The settings in force; `version` is the provider's, and 0 where a level has saved nothing."""

    version: int
    practice_version: int
    client_version: int
    policy: PortalPolicy
    sources: Mapping[str, Source]

    @property
    def versions(self) -> str:
        """Of practice, provider and client, in one word: what a quote was made of."""
        return f"{self.practice_version}.{self.version}.{self.client_version}"

    def source(self, name: str) -> Source:
        """Where the value comes from; what isn't a portal setting (the opening hours) is the provider's."""
        return self.sources.get(name, Source.PROVIDER)


@dataclass(frozen=True, kw_only=True)
class LevelVersion:
    """What one level has saved; version 0 and an empty document where nothing has been."""

    version: int
    document: dict[str, Any]
    saved_by: str | None = None
    saved_at: datetime | None = None
    reason: str | None = None


async def load_policy(session: AsyncSession, provider_id: str, client_id: str | None = None) -> PolicyInForce:
    """For one client of the provider, or for clients in general."""
    row = (await session.execute(_IN_FORCE, {"provider_id": provider_id, "client_id": client_id})).one()
    return policy_in_force(
        versions=(row.practice_version, row.provider_version, row.client_version),
        documents=(row.practice, row.provider, row.client),
    )


def policy_in_force(
    *, versions: tuple[int | None, int | None, int | None], documents: tuple[str | None, str | None, str | None]
) -> PolicyInForce:
    """Of practice, provider and client, as the database has them."""
    resolved = _resolved(*documents)
    practice, provider, client = versions
    return PolicyInForce(
        version=provider or 0,
        practice_version=practice or 0,
        client_version=client or 0,
        policy=resolved.policy,
        sources=resolved.sources,
    )


@lru_cache(maxsize=_REMEMBERED)
def _resolved(practice: str | None, provider: str | None, client: str | None) -> ResolvedPolicy:
    read = [json.loads(document) if document else None for document in (practice, provider, client)]
    return resolve(practice=read[0], provider=read[1], client=read[2])


_Row = PracticeSettingsVersion | SettingsVersion | ClientPolicyVersion


def _rows(level: Source, key: str) -> Select[Any]:
    """The level's versions, newest first."""
    match level:
        case Source.PRACTICE:
            practice = PracticeSettingsVersion
            return select(practice).where(practice.practice_id == key).order_by(practice.version.desc())
        case Source.CLIENT:
            client = ClientPolicyVersion
            return select(client).where(client.client_id == key).order_by(client.version.desc())
        case _:
            provider = SettingsVersion
            own = provider.provider_id == key, provider.kind == _PROVIDERS_KIND
            return select(provider).where(*own).order_by(provider.version.desc())


def _version_of(row: _Row) -> LevelVersion:
    return LevelVersion(
        version=row.version,
        document=row.document,
        saved_by=row.saved_by,
        saved_at=row.saved_at,
        reason=row.reason if isinstance(row, ClientPolicyVersion) else None,
    )


async def versions_of_level(session: AsyncSession, level: Source, key: str) -> list[LevelVersion]:
    """Newest first; `key` is the id of the practice, the provider or the client."""
    return [_version_of(row) for row in await session.scalars(_rows(level, key))]


async def level_in_force(session: AsyncSession, level: Source, key: str) -> LevelVersion:
    row = await session.scalar(_rows(level, key).limit(1))
    return LevelVersion(version=0, document={}) if row is None else _version_of(row)


async def save_level(
    session: AsyncSession,
    level: Source,
    key: str,
    document: Mapping[str, Any],
    *,
    saved_by: str,
    now: datetime,
    expected_version: int | None = None,
    reason: str | None = None,
) -> int:
    """The new version's number. Raises Conflict when somebody else saved since `expected_version`."""
    # The owner's row serialises savers, so that two can't make the same version.
    owner = {Source.PRACTICE: Practice.id, Source.CLIENT: Client.id}.get(level, Provider.id)
    await session.execute(select(owner).where(owner == key).with_for_update())
    if level is Source.CLIENT and not await still_here(session, key):
        raise NotFound("There is no such client.")
    version = (await level_in_force(session, level, key)).version
    if expected_version is not None and expected_version != version:
        raise Conflict(
            "Somebody else has saved these settings meanwhile. Please look at theirs first.", version=version
        )
    values = {"version": version + 1, "document": dict(document), "saved_by": saved_by, "saved_at": now}
    match level:
        case Source.PRACTICE:
            session.add(PracticeSettingsVersion(practice_id=key, **values))
        case Source.CLIENT:
            session.add(ClientPolicyVersion(client_id=key, reason=reason, **values))
        case _:
            session.add(SettingsVersion(provider_id=key, kind=_PROVIDERS_KIND, **values))
    await session.flush()
    return version + 1
