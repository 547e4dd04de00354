"""The portal settings by level: read together, saved as versions of one level; the highest version is in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Client, ClientPolicyVersion, Practice, PracticeSettingsVersion, Provider, SettingsVersion
from domain.errors import Conflict
from domain.policy import PortalPolicy
from domain.policy_levels import ResolvedPolicy, Source, resolve
from domain.states import SettingsKind

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


_Version = type[PracticeSettingsVersion] | type[SettingsVersion] | type[ClientPolicyVersion]


def _conditions(level: Source, key: str) -> tuple[_Version, tuple[Any, ...]]:
    """The level's table, and which of its rows are the owner's."""
    match level:
        case Source.PRACTICE:
            return PracticeSettingsVersion, (PracticeSettingsVersion.practice_id == key,)
        case Source.CLIENT:
            return ClientPolicyVersion, (ClientPolicyVersion.client_id == key,)
        case _:
            own = SettingsVersion.provider_id == key
            return SettingsVersion, (own, SettingsVersion.kind == str(SettingsKind.PORTAL_SETTINGS))


async def versions_of_level(session: AsyncSession, level: Source, key: str) -> list[LevelVersion]:
    """Newest first; `key` is the id of the practice, the provider or the client."""
    table, owned = _conditions(level, key)
    rows = await session.scalars(select(table).where(*owned).order_by(table.version.desc()))
    return [
        LevelVersion(
            version=row.version,
            document=row.document,
            saved_by=row.saved_by,
            saved_at=row.saved_at,
            reason=row.reason if isinstance(row, ClientPolicyVersion) else None,
        )
        for row in rows
    ]


async def level_in_force(session: AsyncSession, level: Source, key: str) -> LevelVersion:
    table, owned = _conditions(level, key)
    row = await session.scalar(select(table).where(*owned).order_by(table.version.desc()).limit(1))
    if row is None:
        return LevelVersion(version=0, document={})
    reason = row.reason if isinstance(row, ClientPolicyVersion) else None
    return LevelVersion(
        version=row.version, document=row.document, saved_by=row.saved_by, saved_at=row.saved_at, reason=reason
    )


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
    table, owned = _conditions(level, key)
    version = await session.scalar(select(func.max(table.version)).where(*owned)) or 0
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
            session.add(SettingsVersion(provider_id=key, kind=str(SettingsKind.PORTAL_SETTINGS), **values))
    await session.flush()
    return version + 1
