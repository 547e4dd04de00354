"""Versioned documents of a provider: each save is a new version, the highest is in force.

The portal settings have three levels, and are read by `db.policy_store`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from db.models import GreetingAttachment, MerchantAccount, PortalSubscription, Provider, SettingsVersion
from domain.availability import parse_availability
from domain.decisions import PracticeStanding
from domain.errors import Conflict, NotFound
from domain.holidays import parse_holidays
from domain.hours import Availability
from domain.signup_form import SignupForm, default_signup_form, parse_signup_form
from domain.states import MerchantStatus, SettingsKind, SubscriptionStatus


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A document and its version; version 0 and None where nothing has been saved yet."""

    version: int
    document: dict[str, Any] | None


async def load(session: AsyncSession, provider_id: str, kind: SettingsKind) -> Stored:
    query = select(SettingsVersion).where(SettingsVersion.provider_id == provider_id, SettingsVersion.kind == str(kind))
    row = await session.scalar(query.order_by(SettingsVersion.version.desc()).limit(1))
    return Stored(version=row.version, document=row.document) if row else Stored(version=0, document=None)


async def load_version(
    session: AsyncSession, provider_id: str, kind: SettingsKind, version: int
) -> dict[str, Any] | None:
    row = await session.get(SettingsVersion, (provider_id, str(kind), version))
    return row.document if row else None


async def save(
    session: AsyncSession,
    provider_id: str,
    kind: SettingsKind,
    document: Mapping[str, Any],
    *,
    saved_by: str,
    now: datetime,
    expected_version: int | None = None,
) -> Stored:
    """Make a new version. Raises Conflict when somebody else saved since `expected_version`."""
    # The provider's row serialises savers, so that two can't make the same version.
    await session.execute(select(Provider.id).where(Provider.id == provider_id).with_for_update())
    latest = await session.scalar(
        select(func.max(SettingsVersion.version)).where(
            SettingsVersion.provider_id == provider_id, SettingsVersion.kind == str(kind)
        )
    )
    version = latest or 0
    if expected_version is not None and expected_version != version:
        raise Conflict(
            "Somebody else has saved these settings meanwhile. Please look at theirs first.", version=version
        )
    row = SettingsVersion(
        provider_id=provider_id,
        kind=str(kind),
        version=version + 1,
        document=dict(document),
        saved_by=saved_by,
        saved_at=now,
    )
    session.add(row)
    await session.flush()
    return Stored(version=version + 1, document=dict(document))


async def versions_of(session: AsyncSession, provider_id: str, kind: SettingsKind) -> list[SettingsVersion]:
    """Newest first."""
    query = select(SettingsVersion).where(SettingsVersion.provider_id == provider_id, SettingsVersion.kind == str(kind))
    return list(await session.scalars(query.order_by(SettingsVersion.version.desc())))


_AVAILABILITY = text("""
    SELECT (SELECT document::text FROM settings_version
             WHERE provider_id = :id AND kind = 'availability' ORDER BY version DESC LIMIT 1) AS availability,
           (SELECT document::text FROM practice_holidays_version
             WHERE practice_id = (SELECT practice_id FROM provider WHERE id = :id)
             ORDER BY version DESC LIMIT 1) AS holidays""")
# Documents are read anew each time, so that a change shows at once; what they say is worked out once.
_REMEMBERED = 512


async def load_availability(session: AsyncSession, provider_id: str) -> Availability:
    """The provider's openings, the practice's holidays taken out; none at all, in UTC, while nothing has been saved."""
    row = (await session.execute(_AVAILABILITY, {"id": provider_id})).one()
    return effective_availability(row.availability, row.holidays)


@lru_cache(maxsize=_REMEMBERED)
def effective_availability(document: str | None, holidays: str | None) -> Availability:
    """What the two documents say together, as the database has them."""
    own = parse_availability(json.loads(document) if document else {"timezone": "UTC", "weekly": [], "overrides": []})
    return replace(own, holidays=parse_holidays(json.loads(holidays)).dates) if holidays else own


async def load_signup_form(session: AsyncSession, provider_id: str) -> tuple[int, SignupForm]:
    stored = await load(session, provider_id, SettingsKind.SIGNUP_FORM)
    form = parse_signup_form(stored.document) if stored.document else default_signup_form()
    return stored.version, form


async def list_attachments(session: AsyncSession, provider_id: str, ids: Sequence[str]) -> list[GreetingAttachment]:
    """The provider's, in the order of `ids`, without their content; ids that don't exist are left out."""
    query = select(GreetingAttachment).where(
        GreetingAttachment.id.in_(ids), GreetingAttachment.provider_id == provider_id
    )
    found = {row.id: row for row in await session.scalars(query)}
    return [found[one] for one in ids if one in found]


async def load_attachments(session: AsyncSession, ids: Sequence[str]) -> list[GreetingAttachment]:
    """In the order of `ids`, with their content; ids that don't exist are left out."""
    query = select(GreetingAttachment).where(GreetingAttachment.id.in_(ids))
    query = query.options(undefer(GreetingAttachment.content)).execution_options(populate_existing=True)
    found = {row.id: row for row in await session.scalars(query)}
    return [found[one] for one in ids if one in found]


async def version_of(session: AsyncSession, provider_id: str, kind: SettingsKind, version: int) -> SettingsVersion:
    """Raises NotFound."""
    row = await session.get(SettingsVersion, (provider_id, str(kind), version))
    if row is None:
        raise NotFound("There is no such version of these settings.")
    return row


async def practice_standing(session: AsyncSession, provider: Provider) -> PracticeStanding:
    subscription = await session.get(PortalSubscription, provider.practice_id)
    merchant = await session.get(MerchantAccount, provider.id)
    return PracticeStanding(
        subscription=SubscriptionStatus(subscription.status) if subscription else SubscriptionStatus.NONE,
        merchant=MerchantStatus(merchant.status) if merchant else MerchantStatus.NONE,
        left=provider.left_at is not None,
    )
