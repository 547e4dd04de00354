"""A provider's own documents (page, sign-up form, greeting, hours, types): checked, and saved as versions.

The portal settings have levels: `commands.policies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointment_types import check_types
from commands.availability import checked_availability
from commands.greetings import checked_greeting, drop_unused_files, with_names
from commands.office import Office
from commands.page import check_page, page_document
from commands.waitlist_closing import take_back_closed
from db import settings_store
from db.appointment_types import load_types
from db.calendar import lock_calendar
from db.models import Provider
from db.waitlist import time_freed
from domain.availability import parse_availability
from domain.page import parse_page
from domain.signup_form import default_signup_form, parse_signup_form
from domain.stages import Actor
from domain.states import SettingsKind


@dataclass(frozen=True, kw_only=True)
class SettingsView:
    """A document as the contract shows it, and its version (the ETag)."""

    version: int
    document: dict[str, Any]


async def read_settings(session: AsyncSession, provider: Provider, kind: SettingsKind) -> SettingsView:
    stored = await settings_store.load(session, provider.id, kind)
    if kind is SettingsKind.SIGNUP_FORM:
        form = parse_signup_form(stored.document) if stored.document else default_signup_form()
        return SettingsView(version=stored.version, document={**form.as_document(), "version": stored.version})
    if kind is SettingsKind.AVAILABILITY:
        availability = await settings_store.load_availability(session, provider.id)
        return SettingsView(version=stored.version, document=availability.as_document())
    if kind is SettingsKind.APPOINTMENT_TYPES:
        types = await load_types(session, provider.id)
        return SettingsView(version=stored.version, document=types.as_document())
    if kind is SettingsKind.PAGE:
        page = parse_page(stored.document or {"name": provider.name})
        return SettingsView(version=stored.version, document=page_document(provider, page))
    document = stored.document or {"subject": "", "body": "", "attachments": []}
    return SettingsView(version=stored.version, document=await with_names(session, provider, document))


async def save_settings(
    session: AsyncSession,
    office: Office,
    provider: Provider,
    kind: SettingsKind,
    document: Mapping[str, object],
    *,
    saved_by: str,
    expected_version: int | None = None,
) -> SettingsView:
    """Check and save a new version; it applies from the next request on. Raises ValidationFailed naming each field.

    Raises Conflict when somebody saved since `expected_version`.
    """
    checked = await _checked(session, office, provider, kind, document)
    now = await office.clock.now(session)
    if kind is SettingsKind.AVAILABILITY:
        await _close(session, provider, checked, now)
    await settings_store.save(
        session,
        provider.id,
        kind,
        checked,
        saved_by=saved_by,
        now=now,
        expected_version=expected_version,
    )
    if kind is SettingsKind.PAGE:
        # One name: what the page says, mails, portal and console say too.
        provider.name = checked["name"]
    if kind is SettingsKind.GREETING:
        await drop_unused_files(session, office, provider)
    view = await read_settings(session, provider, kind)
    if kind in (SettingsKind.AVAILABILITY, SettingsKind.APPOINTMENT_TYPES):
        await time_freed(session, provider.id, f"{kind}:{view.version}")
    return view


async def _close(session: AsyncSession, provider: Provider, document: Mapping[str, object], now: datetime) -> None:
    """The calendar's lock comes first: whoever takes an offered time at this moment has it, or finds it closed."""
    await lock_calendar(session, provider.id)
    before = await settings_store.load_availability(session, provider.id)
    hours = replace(parse_availability(document), holidays=before.holidays)
    await take_back_closed(session, provider.id, hours, now, actor=Actor.STAFF)


async def _checked(
    session: AsyncSession, office: Office, provider: Provider, kind: SettingsKind, document: Mapping[str, object]
) -> dict[str, Any]:
    match kind:
        case SettingsKind.SIGNUP_FORM:
            return parse_signup_form({key: value for key, value in document.items() if key != "version"}).as_document()
        case SettingsKind.AVAILABILITY:
            return (await checked_availability(session, provider, document)).as_document()
        case SettingsKind.APPOINTMENT_TYPES:
            return (await check_types(session, provider, document)).as_document()
        case SettingsKind.PAGE:
            return (await check_page(session, provider, document)).as_document()
        case _:
            return await checked_greeting(session, office, provider, document)
