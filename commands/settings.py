"""A provider's own documents (page, sign-up form, greeting, availability): checked, and saved as versions.

The portal settings have levels: `commands.policies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from commands.availability import checked_availability
from commands.office import Office
from commands.page import check_page, page_document
from db import settings_store
from db.ids import new_id
from db.models import GreetingAttachment, Provider
from domain.errors import FieldError, PayloadTooLarge, ValidationFailed
from domain.merge_fields import check_template
from domain.page import parse_page
from domain.signup_form import default_signup_form, parse_signup_form
from domain.states import SettingsKind

MAX_ATTACHMENT_BYTES = 5 * 1024 * 1024
MAX_ATTACHMENTS = 5
_SIGNATURES = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
}


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
    if kind is SettingsKind.PAGE:
        page = parse_page(stored.document or {"name": provider.name})
        return SettingsView(version=stored.version, document=page_document(provider, page))
    document = stored.document or {"subject": "", "body": "", "attachments": []}
    return SettingsView(version=stored.version, document=await _with_names(session, document))


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
    checked = await _checked(session, provider, kind, document)
    await settings_store.save(
        session,
        provider.id,
        kind,
        checked,
        saved_by=saved_by,
        now=await office.clock.now(session),
        expected_version=expected_version,
    )
    return await read_settings(session, provider, kind)


async def _checked(
    session: AsyncSession, provider: Provider, kind: SettingsKind, document: Mapping[str, object]
) -> dict[str, Any]:
    match kind:
        case SettingsKind.SIGNUP_FORM:
            return parse_signup_form({key: value for key, value in document.items() if key != "version"}).as_document()
        case SettingsKind.AVAILABILITY:
            return (await checked_availability(session, provider, document)).as_document()
        case SettingsKind.PAGE:
            return (await check_page(session, provider, document)).as_document()
        case _:
            return await _checked_greeting(session, provider, document)


async def _checked_greeting(
    session: AsyncSession, provider: Provider, document: Mapping[str, object]
) -> dict[str, Any]:
    errors = [
        FieldError(field=name, message="isn't known here")
        for name in document
        if name not in ("subject", "body", "attachments")
    ]
    texts: dict[str, str] = {}
    for name, longest in (("subject", 200), ("body", 20_000)):
        value = document.get(name)
        if not isinstance(value, str) or not value.strip():
            errors.append(FieldError(field=name, message="is needed"))
        elif len(value) > longest:
            errors.append(FieldError(field=name, message=f"must have at most {longest} characters"))
        else:
            texts[name] = value.strip()
            unknown = check_template(value)
            if unknown:
                errors.append(FieldError(field=name, message=f"has unknown merge fields: {', '.join(unknown)}"))
    ids = _attachment_ids(document.get("attachments", []), errors)
    known = await settings_store.load_attachments(session, ids)
    if len([one for one in known if one.provider_id == provider.id]) != len(ids):
        errors.append(FieldError(field="attachments", message="names a file that isn't there"))
    if errors:
        raise ValidationFailed(errors)
    return {**texts, "attachments": [{"id": one} for one in ids]}


def _attachment_ids(value: object, errors: list[FieldError]) -> list[str]:
    if not isinstance(value, list) or not all(
        isinstance(one, Mapping) and isinstance(one.get("id"), str) for one in value
    ):
        errors.append(FieldError(field="attachments", message="must be a list of objects with an id"))
        return []
    if len(value) > MAX_ATTACHMENTS:
        errors.append(FieldError(field="attachments", message=f"can hold at most {MAX_ATTACHMENTS} files"))
        return []
    return [one["id"] for one in value]


async def _with_names(session: AsyncSession, document: Mapping[str, Any]) -> dict[str, Any]:
    files = await settings_store.load_attachments(session, [one["id"] for one in document["attachments"]])
    return {**document, "attachments": [{"id": file.id, "name": file.name} for file in files]}


async def add_attachment(
    session: AsyncSession, office: Office, provider: Provider, *, name: str, content: bytes, uploaded_by: str
) -> GreetingAttachment:
    """Keep a file for the greeting, judged by its content, not its name. Raises ValidationFailed, PayloadTooLarge."""
    if len(content) > MAX_ATTACHMENT_BYTES:
        raise PayloadTooLarge(f"A file may have at most {MAX_ATTACHMENT_BYTES // 1024 // 1024} MB.", field="file")
    clean = name.replace("\\", "/").rpartition("/")[2].strip()
    if not clean or len(clean) > 150 or not clean.isprintable():
        raise ValidationFailed.of("file", "needs a name of at most 150 printable characters")
    content_type = next((kind for kind, starts in _SIGNATURES.items() if content.startswith(starts)), None)
    if content_type is None:
        raise ValidationFailed.of("file", "must be a PDF, PNG or JPEG file")
    attachment = GreetingAttachment(
        id=new_id("fil"),
        provider_id=provider.id,
        name=clean,
        content_type=content_type,
        content=content,
        uploaded_by=uploaded_by,
        created_at=await office.clock.now(session),
    )
    session.add(attachment)
    await session.flush()
    return attachment
