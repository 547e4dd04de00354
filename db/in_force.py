"""What is in force at a provider's right now, read in one query: settings, standing, and the stored clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.appointment_types import types_of
from db.policy_store import PolicyInForce, policy_in_force
from db.rate_counters import COUNT_STEP, Bucket, count_values
from db.settings_store import effective_availability
from domain.appointment_types import AppointmentTypes
from domain.decisions import PracticeStanding
from domain.errors import NotFound
from domain.hours import Availability
from domain.signup_form import SignupForm, default_signup_form, parse_signup_form
from domain.states import MerchantStatus, SubscriptionStatus

_COLUMNS = """
    p.id, p.practice_id, (SELECT country FROM practice WHERE id = p.practice_id) AS country,
    subscription.status AS subscription, merchant.status AS merchant,
    merchant.account AS merchant_account, p.left_at IS NOT NULL AS gone,
    practice_policy.version AS practice_policy_version, practice_policy.document AS practice_policy,
    policy.version AS policy_version, policy.document AS policy,
    form.version AS form_version, form.document AS form, availability.document AS availability,
    holidays.document AS holidays,
    (SELECT offset_seconds FROM demo_clock WHERE id = 1) AS clock_offset"""
_HOURS = """
    LEFT JOIN LATERAL (
      SELECT document::text AS document FROM settings_version
       WHERE provider_id = p.id AND kind = 'availability' ORDER BY version DESC LIMIT 1) availability ON true
    LEFT JOIN LATERAL (
      SELECT document::text AS document FROM practice_holidays_version
       WHERE practice_id = p.practice_id ORDER BY version DESC LIMIT 1) holidays ON true"""
_BESIDE = """
    LEFT JOIN portal_subscription subscription ON subscription.practice_id = p.practice_id
    LEFT JOIN merchant_account merchant ON merchant.provider_id = p.id
    LEFT JOIN LATERAL (
      SELECT version, document::text AS document FROM practice_settings_version
       WHERE practice_id = p.practice_id ORDER BY version DESC LIMIT 1) practice_policy ON true
    LEFT JOIN LATERAL (
      SELECT version, document::text AS document FROM settings_version
       WHERE provider_id = p.id AND kind = 'portal-settings' ORDER BY version DESC LIMIT 1) policy ON true
    LEFT JOIN LATERAL (
      SELECT version, document::text AS document FROM settings_version
       WHERE provider_id = p.id AND kind = 'signup-form' ORDER BY version DESC LIMIT 1) form ON true"""


def _statement(*parts: str) -> TextClause:
    return text(" ".join(parts))


# What is different for a client, and what only somebody who books needs.
_NOBODY = "NULL AS client_policy_version, NULL AS client_policy, NULL AS types_version, NULL AS types,"
_CLIENT = """client_policy.version AS client_policy_version, client_policy.document AS client_policy,
    types.version AS types_version, types.document AS types,"""
_BESIDE_CLIENT = """
    LEFT JOIN LATERAL (
      SELECT version, document::text AS document FROM client_policy_version
       WHERE client_id = :client_id ORDER BY version DESC LIMIT 1) client_policy ON true
    LEFT JOIN LATERAL (
      SELECT version, document::text AS document FROM settings_version
       WHERE provider_id = p.id AND kind = 'appointment-types' ORDER BY version DESC LIMIT 1) types ON true"""
_BY_SLUG = _statement("SELECT", _NOBODY, _COLUMNS, "FROM provider p", _BESIDE, _HOURS, "WHERE p.slug = :slug")
_FOR_CLIENT = _statement(
    "SELECT", _CLIENT, _COLUMNS, "FROM provider p", _BESIDE, _HOURS, _BESIDE_CLIENT, "WHERE p.id = :id"
)
_SINCE = _statement(
    "SELECT availability.document AS availability, holidays.document AS holidays, p.left_at IS NOT NULL AS gone",
    *("FROM provider p", _HOURS, "WHERE p.id = :id"),
)
# One row, whether or not there is such a provider.
_COUNTED_BY_SLUG = _statement(
    *(
        "WITH",
        COUNT_STEP,
        "SELECT (SELECT jsonb_object_agg(bucket, requests) FROM counted) AS counts,",
        _NOBODY,
        _COLUMNS,
    ),
    *("FROM (SELECT) one LEFT JOIN provider p ON p.slug = :slug", _BESIDE, _HOURS),
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
    holidays_document: str | None
    types_version: int
    types_document: str | None
    clock_offset: int | None

    @property
    def signup_form(self) -> SignupForm:
        return _form(self.form_document)

    @property
    def availability(self) -> Availability:
        return effective_availability(self.availability_document, self.holidays_document)

    @property
    def types(self) -> AppointmentTypes:
        """Read for one client; at the provider's page nobody books."""
        return types_of(self.types_document)

    @property
    def versions(self) -> str:
        """Of the settings that a quote is made of, in one word; of the types, too, where there are any."""
        return f"{self.policy.versions}.{self.types_version}" if self.types_version else self.policy.versions


async def in_force_at(session: AsyncSession, slug: str) -> InForce:
    """For anybody at the provider's page. Raises NotFound."""
    return _found((await session.execute(_BY_SLUG, {"slug": slug})).one_or_none())


async def in_force_for(session: AsyncSession, provider_id: str, client_id: str) -> InForce:
    """With what is different for this client. Raises NotFound."""
    return _found((await session.execute(_FOR_CLIENT, {"id": provider_id, "client_id": client_id})).one_or_none())


async def with_hours_of_now(session: AsyncSession, here: InForce) -> InForce:
    """Once the calendar is locked: what others close under that lock may have been read before they had it."""
    row = (await session.execute(_SINCE, {"id": here.provider_id})).one()
    return replace(
        here,
        standing=replace(here.standing, left=row.gone),
        availability_document=row.availability,
        holidays_document=row.holidays,
    )


def _found(row: Row[Any] | None) -> InForce:
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
            left=row.gone,
        ),
        merchant_account=row.merchant_account,
        policy=policy_in_force(
            versions=(row.practice_policy_version, row.policy_version, row.client_policy_version),
            documents=(row.practice_policy, row.policy, row.client_policy),
        ),
        form_version=row.form_version or 0,
        form_document=row.form,
        availability_document=row.availability,
        holidays_document=row.holidays,
        types_version=row.types_version or 0,
        types_document=row.types,
        clock_offset=row.clock_offset,
    )


# Documents are read anew each time, so that a change shows at once; what one says is worked out once.
_REMEMBERED = 512


@lru_cache(maxsize=_REMEMBERED)
def _form(document: str | None) -> SignupForm:
    return parse_signup_form(json.loads(document)) if document else default_signup_form()
