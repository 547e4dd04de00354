"""The provider's page: checked together with its picture, and the pictures that are uploaded for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.ids import new_id
from db.models import PagePicture, Provider
from db.settings_store import load
from domain.errors import NotFound, PayloadTooLarge, ValidationFailed
from domain.page import Page, parse_page
from domain.pictures import MAX_PICTURE_BYTES
from domain.states import SettingsKind

# What was uploaded and never saved: somebody may still have the editor open for a while.
_KEPT_UNSAVED = timedelta(days=2)
_FORGET_UNSAVED = text(
    "DELETE FROM page_picture p WHERE p.provider_id = :provider_id AND p.created_at < :before AND NOT EXISTS"
    " (SELECT 1 FROM settings_version v WHERE v.provider_id = p.provider_id AND v.kind = 'page'"
    " AND v.document -> 'picture' ->> 'id' = p.id)"
)


async def page_in_force(session: AsyncSession, provider: Provider) -> Page:
    """What was saved last; just the name while nothing has been."""
    stored = await load(session, provider.id, SettingsKind.PAGE)
    return parse_page(stored.document or {"name": provider.name})


def page_document(provider: Provider, page: Page) -> dict[str, Any]:
    """As the contract shows it: the picture with the path that it is served at, once the page is published."""
    document = page.as_document()
    if page.picture is not None:
        document["picture"]["url"] = picture_path(provider, page.picture.id)
    return document


def picture_path(provider: Provider, picture_id: str) -> str:
    return f"/p/{provider.slug}/picture/{picture_id}"


async def check_page(session: AsyncSession, provider: Provider, document: Mapping[str, object]) -> Page:
    """A picture that isn't named stays: programs that know nothing of it go on saving words.

    Raises ValidationFailed.
    """
    if "picture" not in document:
        current = await page_in_force(session, provider)
        document = {**document, "picture": current.as_document()["picture"]}
    page = parse_page(document)
    if page.picture is not None:
        found = await session.get(PagePicture, page.picture.id)
        if found is None or found.provider_id != provider.id:
            raise ValidationFailed.of("picture", "names a picture that isn't there; please upload it first")
    return page


async def add_picture(
    session: AsyncSession, office: Office, provider: Provider, content: bytes, *, uploaded_by: str
) -> PagePicture:
    """Keep a picture, to be shown once the page is saved with it. Raises ValidationFailed, PayloadTooLarge."""
    if len(content) > MAX_PICTURE_BYTES:
        raise PayloadTooLarge(f"A picture may have at most {MAX_PICTURE_BYTES // 1024 // 1024} MB.", field="file")
    picture = await asyncio.to_thread(office.pictures.prepare, content)
    now = await office.clock.now(session)
    await session.execute(_FORGET_UNSAVED, {"provider_id": provider.id, "before": now - _KEPT_UNSAVED})
    kept = PagePicture(
        id=new_id("pic"),
        provider_id=provider.id,
        content=picture.content,
        width=picture.width,
        height=picture.height,
        uploaded_by=uploaded_by,
        created_at=now,
    )
    session.add(kept)
    await session.flush()
    return kept


async def picture_of(session: AsyncSession, provider: Provider, picture_id: str) -> PagePicture:
    """One of the provider's pictures, in force or not: for those who may edit the page. Raises NotFound."""
    picture = await session.get(PagePicture, picture_id)
    if picture is None or picture.provider_id != provider.id:
        raise NotFound("There is no such picture.")
    return picture


async def picture_in_force(session: AsyncSession, provider: Provider, picture_id: str) -> PagePicture:
    """The picture that the page shows now: for everybody. Raises NotFound."""
    page = await page_in_force(session, provider)
    if page.picture is None or page.picture.id != picture_id:
        raise NotFound("There is no such picture.")
    return await picture_of(session, provider, picture_id)
