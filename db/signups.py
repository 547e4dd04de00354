"""Sign-up forms by version, and what a sign-up sealed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import DataKey, SettingsVersion, Signup
from domain.errors import NotFound
from domain.ports import Vault
from domain.signup_form import SignupForm, default_signup_form, parse_signup_form
from domain.states import SettingsKind

_NOTHING: dict[str, Any] = {"details": {}, "custom": {}, "consents": {}}


# A sign-up and what it sealed: `details`, `custom`, `consents`.
Given = tuple[Signup, dict[str, Any]]


async def opened_answers(session: AsyncSession, vault: Vault, client_ids: Sequence[str]) -> dict[str, Given]:
    """By client."""
    query = select(Signup, DataKey.wrapped_key).outerjoin(DataKey, DataKey.client_id == Signup.client_id)
    rows = await session.execute(query.where(Signup.client_id.in_(client_ids)))
    return {signup.client_id: (signup, _opened(vault, signup, key)) for signup, key in rows.tuples()}


def _opened(vault: Vault, signup: Signup, key: bytes | None) -> dict[str, Any]:
    """Nothing where nothing was sealed, or where the client's key has been destroyed."""
    if signup.sealed_answers is None or key is None:
        return _NOTHING
    content: dict[str, Any] = json.loads(vault.open(key, signup.sealed_answers, signup.id))
    return content


async def form_of_version(session: AsyncSession, provider_id: str, version: int) -> SignupForm:
    """Version 0 is what a provider has who never saved one. Raises NotFound."""
    if version == 0:
        return default_signup_form()
    row = await session.get(SettingsVersion, (provider_id, str(SettingsKind.SIGNUP_FORM), version))
    if row is None:
        raise NotFound("There is no such version of the sign-up form.")
    return parse_signup_form(row.document)


async def versions_of_form(session: AsyncSession, provider_id: str) -> list[SettingsVersion]:
    """Newest first."""
    query = select(SettingsVersion).where(
        SettingsVersion.provider_id == provider_id, SettingsVersion.kind == str(SettingsKind.SIGNUP_FORM)
    )
    return list(await session.scalars(query.order_by(SettingsVersion.version.desc())))
