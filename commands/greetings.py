"""The greeting as the provider writes it: checked, with files that are judged by their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.greeting_letter import SAMPLE
from activities.post import letterhead
from commands.audit import Who, note
from commands.office import Office
from db.ids import new_id
from db.models import GreetingAttachment, Provider
from db.settings_store import list_attachments, load_attachments, versions_of
from domain.attachments import LARGEST_FILE, kind_of, safe_name, set_errors, spoken_size
from domain.audit import AuditKind
from domain.errors import DomainError, FieldError, NotFound, PayloadTooLarge, ValidationFailed
from domain.merge_fields import check_template, field_in_an_address
from domain.ports import Letter
from domain.states import SettingsKind
from domain.texts import clean_text

_LONGEST = {"subject": 200, "body": 20_000}
# Uploaded, and then in no version: an editor that nobody came back to.
_UNUSED_FOR = timedelta(days=1)


async def checked_greeting(
    session: AsyncSession, office: Office, provider: Provider, document: Mapping[str, object]
) -> dict[str, Any]:
    """The document to save. Raises ValidationFailed naming each field."""
    errors = [
        FieldError(field=name, message="isn't known here")
        for name in document
        if name not in ("subject", "body", "attachments")
    ]
    texts = {name: _checked_text(name, document.get(name), errors) for name in _LONGEST}
    errors += [FieldError(field="body", message=problem) for problem in office.greeting_writer.problems(texts["body"])]
    if field_in_an_address(texts["body"]):
        errors.append(FieldError(field="body", message="can have {{portal_link}} in a link's address, no other field"))
    ids = _attachment_ids(document.get("attachments", []), errors)
    files = await list_attachments(session, provider.id, ids)
    if len(files) != len(ids):
        errors.append(FieldError(field="attachments", message="names a file that isn't there"))
    errors += set_errors([(file.name, file.size) for file in files])
    if errors:
        raise ValidationFailed(errors)
    return {**texts, "attachments": [{"id": one} for one in ids]}


def _checked_text(name: str, value: object, errors: list[FieldError]) -> str:
    """Trimmed; empty where it isn't fit, which `errors` then say."""
    if not isinstance(value, str) or not value.strip():
        errors.append(FieldError(field=name, message="is needed"))
        return ""
    try:
        text = clean_text(value, _LONGEST[name], lines=name == "body")
    except ValueError as error:
        errors.append(FieldError(field=name, message=str(error)))
        return ""
    unknown = check_template(text)
    if unknown:
        named = ", ".join(f"{{{{{one}}}}}" for one in unknown)
        errors.append(FieldError(field=name, message=f"has unknown merge fields: {named}"))
    return text


def _attachment_ids(value: object, errors: list[FieldError]) -> list[str]:
    if not isinstance(value, list) or not all(
        isinstance(one, Mapping) and isinstance(one.get("id"), str) for one in value
    ):
        errors.append(FieldError(field="attachments", message="must be a list of objects with an id"))
        return []
    ids = [one["id"] for one in value]
    if len(set(ids)) != len(ids):
        errors.append(FieldError(field="attachments", message="names a file twice"))
        return []
    return ids


async def with_names(session: AsyncSession, provider: Provider, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as the contract shows it."""
    files = await list_attachments(session, provider.id, [one["id"] for one in document["attachments"]])
    return {**document, "attachments": [{"id": file.id, "name": file.name} for file in files]}


async def add_attachment(
    session: AsyncSession, office: Office, provider: Provider, *, name: str, content: bytes, who: Who, no_phi: bool
) -> GreetingAttachment:
    """Keep a file for the greeting. `no_phi`: whoever uploads it confirms that it holds no health data of anybody.

    Raises ValidationFailed and PayloadTooLarge, naming the file.
    """
    shown = _shown(name)
    if not no_phi:
        raise ValidationFailed.of("no_phi", "Please confirm that the file holds nothing about a client: no PHI.")
    if len(content) > LARGEST_FILE:
        raise too_large(name, len(content))
    try:
        kind = kind_of(content)
    except ValueError as error:
        raise ValidationFailed.of("file", f"{shown} {error}.") from None
    now = await office.clock.now(session)
    attachment = GreetingAttachment(
        id=new_id("fil"),
        provider_id=provider.id,
        name=safe_name(name, kind),
        content_type=kind.media_type,
        content=content,
        uploaded_by=who.name,
        no_phi_confirmed_by=who.staff_id or who.name,
        no_phi_confirmed_at=now,
        created_at=now,
    )
    session.add(attachment)
    await session.flush()
    await note(session, office, who, AuditKind.FILE_UPLOADED, attachment.id)
    return attachment


def too_large(name: str, size: int | None = None, *, most: int = LARGEST_FILE) -> DomainError:
    """`size` is None where it wasn't read to its end."""
    has = f"has {spoken_size(size)}" if size is not None else "is too large"
    return PayloadTooLarge(f"{_shown(name)} {has}; a file may have at most {spoken_size(most)}.", field="file")


def _shown(name: str) -> str:
    """A file's name as it was sent, fit to be shown."""
    printable = "".join(character for character in name if character.isprintable())
    return f"“{printable[:100] or 'The file'}”"


async def drop_unused_files(session: AsyncSession, office: Office, provider: Provider) -> None:
    """Forget files that are in no version. Earlier versions keep theirs: they can be restored."""
    used: Sequence[str] = [
        one["id"]
        for version in await versions_of(session, provider.id, SettingsKind.GREETING)
        for one in version.document["attachments"]
    ]
    stale = select(GreetingAttachment.id).where(
        GreetingAttachment.provider_id == provider.id,
        GreetingAttachment.created_at < await office.clock.now(session) - _UNUSED_FOR,
        GreetingAttachment.id.not_in(used),
    )
    await session.execute(delete(GreetingAttachment).where(GreetingAttachment.id.in_(stale)))


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would arrive: the letter, whom it seems to come from, and where an answer goes."""

    letter: Letter
    from_name: str
    reply_to: str
    reader: str


async def preview_greeting(
    session: AsyncSession, office: Office, provider: Provider, document: Mapping[str, Any]
) -> Preview:
    """For a made-up client, written as for a real one. The document has been checked."""
    head = await letterhead(session, provider.id)
    return Preview(
        letter=office.greeting_writer.write(head, document, SAMPLE, unsubscribe=f"{office.base_url}/unsubscribe/..."),
        from_name=head.practice_name,
        reply_to=head.reply_to,
        reader=f"{SAMPLE.first_name} {SAMPLE.last_name}",
    )


async def file_of(session: AsyncSession, provider: Provider, file_id: str) -> GreetingAttachment:
    """With its content. Raises NotFound."""
    files = await load_attachments(session, [file_id])
    if not files or files[0].provider_id != provider.id:
        raise NotFound("There is no such file.")
    return files[0]
