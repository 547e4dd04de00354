"""What is in force at a provider's right now, read in one query: settings, standing, and the stored clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.rate_counters import COUNT_STEP, Bucket, count_values
from db.settings_store import PolicyInForce
from domain.availability import Availability, parse_availability
from domain.decisions import PracticeStanding
from domain.errors import NotFound
from domain.policy import DEFAULTS, parse_portal_settings
from domain.signup_form import SignupForm, default_signup_form, parse_signup_form
from domain.states import MerchantStatus, SubscriptionStatus

_COLUMNS = """
    p.id, p.practice_id, (SELECT country FROM practice WHERE id = p.practice_id) AS country,
    subscription.status AS subscription, merchant.status AS merchant,
    merchant.account AS merchant_account,
    policy.version AS policy_version, policy.document AS policy,
    form.version AS form_version, form.document AS form, availability.document AS availability,
    (SELECT offset_seconds FROM demo_clock WHERE id = 1) AS clock_offset"""
_BESIDE = """
    LEFT JOIN portal_subscription subscription ON subscription.practice_id = p.practice_id
    LEFT JOIN merchant_account merchant ON merchant.provider_id = p.id
    LEFT JOIN LATERAL (
      SELECT version, document::text AS document FROM settings_version
       WHERE provider_id = p.id AND kind = 'portal-settings' ORDER BY version DESC LIMIT 1) policy ON true
    LEFT JOIN LATERAL (
      SELECT version, document::text AS document FROM settings_version
       WHERE provider_id = p.id AND kind = 'signup-form' ORDER BY version DESC LIMIT 1) form ON true
    LEFT JOIN LATERAL (
      SELECT document::text AS document FROM settings_version
       WHERE provider_id = p.id AND kind = 'availability' ORDER BY version DESC LIMIT 1) availability ON true"""


def _statement(*parts: str) -> TextClause:
    return text(" ".join(parts))


_BY_SLUG = _statement("SELECT", _COLUMNS, "FROM provider p", _BESIDE, "WHERE p.slug = :slug")
_BY_ID = _statement("SELECT", _COLUMNS, "FROM provider p", _BESIDE, "WHERE p.id = :id")
# One row, whether or not there is such a provider.
_COUNTED_BY_SLUG = _statement(
    *("WITH", COUNT_STEP, "SELECT (SELECT jsonb_object_agg(bucket, requests) FROM counted) AS counts,", _COLUMNS),
    *("FROM (SELECT) one LEFT JOIN provider p ON p.slug = :slug", _BESIDE),
)


@dataclass(frozen=True, kw_only=True)
class InForce:
    """`clock_offset` is for `Clock.at`."""

    provider_id: str
    practice_id: str
    country: str
    standing: PracticeStanding
    merchant_account: str | None
    policy: PolicyInForce
    form_version: int
    form_document: str | None
    availability_document: str | None
    clock_offset: int | None

    @property
    def signup_form(self) -> SignupForm:
        return _form(self.form_document)

    @property
    def availability(self) -> Availability:
        return _availability(self.availability_document)


async def in_force_at(session: AsyncSession, *, slug: str | None = None, provider_id: str | None = None) -> InForce:
    """By the slug of the provider's page, or by id. Raises NotFound."""
    query, key = (_BY_SLUG, {"slug": slug}) if provider_id is None else (_BY_ID, {"id": provider_id})
    row = (await session.execute(query, key)).one_or_none()
    if row is None:
        raise NotFound("There is no provider of that name.")
    return _in_force(row)


async def counted_in_force(
    session: AsyncSession, slug: str, buckets: Sequence[Bucket]
) -> tuple[dict[str, int], InForce | None]:
    """Count a request, and read what is in force where it goes to: for doors that anybody can knock at."""
    row = (await session.execute(_COUNTED_BY_SLUG, {"slug": slug, **count_values(buckets)})).one()
    return row.counts, _in_force(row) if row.id is not None else None


def _in_force(row: Row[Any]) -> InForce:
    return InForce(
        provider_id=row.id,
        practice_id=row.practice_id,
        country=row.country,
        standing=PracticeStanding(
            subscription=SubscriptionStatus(row.subscription or SubscriptionStatus.NONE),
            merchant=MerchantStatus(row.merchant or MerchantStatus.NONE),
        ),
        merchant_account=row.merchant_account,
        policy=_policy(row.policy_version or 0, row.policy),
        form_version=row.form_version or 0,
        form_document=row.form,
        availability_document=row.availability,
        clock_offset=row.clock_offset,
    )


# Documents are read anew each time, so that a change shows at once; what one says is worked out once.
_REMEMBERED = 512


@lru_cache(maxsize=_REMEMBERED)
def _policy(version: int, document: str | None) -> PolicyInForce:
    saved = json.loads(document) if document else None
    return PolicyInForce(version=version, policy=parse_portal_settings(saved) if saved else DEFAULTS, saved=saved)


@lru_cache(maxsize=_REMEMBERED)
def _form(document: str | None) -> SignupForm:
    return parse_signup_form(json.loads(document)) if document else default_signup_form()


@lru_cache(maxsize=_REMEMBERED)
def _availability(document: str | None) -> Availability:
    """No openings at all, in UTC, while nothing has been saved."""
    return parse_availability(json.loads(document) if document else {"timezone": "UTC", "weekly": [], "overrides": []})
