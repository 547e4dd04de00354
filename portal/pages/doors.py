"""A provider's front door as everybody sees it: page, picture, and whether new clients can come in by it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.page import page_in_force, picture_path
from db.in_force import InForce, in_force_at
from db.models import PagePicture, Practice, Provider
from db.tenancy import practice_of, provider_by_slug
from domain.decisions import signup_refusal
from domain.errors import DomainError
from domain.page import Page
from domain.pictures import Picture
from domain.signup_form import SignupForm
from portal.contact_fields import AUTOCOMPLETE
from web.fields import opaque_id


@dataclass(frozen=True, kw_only=True)
class ShownPicture:
    """What a page needs to show a picture without jumping when it arrives."""

    url: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Door:
    """The provider's page, and whether new clients can come in by it."""

    provider: Provider
    practice: Practice
    page: Page
    here: InForce
    closed: DomainError | None

    @property
    def published(self) -> bool:
        return self.here.policy.policy.page_published and not self.left

    @property
    def left(self) -> bool:
        """The provider isn't at the practice any more: who comes is told so kindly."""
        return self.here.standing.left

    @property
    def websites(self) -> tuple[str, ...]:
        """The origins that may embed the form."""
        return self.here.policy.policy.website_origins

    @property
    def form(self) -> SignupForm:
        return self.here.signup_form


async def door_at(session: AsyncSession, slug: str) -> Door:
    """Raises NotFound."""
    provider = await provider_by_slug(session, opaque_id(slug))
    here = await in_force_at(session, provider.slug)
    return Door(
        provider=provider,
        practice=await practice_of(session, provider.practice_id),
        page=await page_in_force(session, provider),
        here=here,
        closed=signup_refusal(here.policy.policy, here.standing),
    )


async def shown_picture(
    session: AsyncSession, provider: Provider, page: Page, url: str | None = None
) -> ShownPicture | None:
    """`url` is where it can be seen by those who edit the page; everybody else sees what is in force."""
    if page.picture is None:
        return None
    query = select(PagePicture.width, PagePicture.height).where(
        PagePicture.id == page.picture.id, PagePicture.provider_id == provider.id
    )
    size = (await session.execute(query)).one_or_none()
    if size is None:
        return None
    return ShownPicture(
        url=url or picture_path(provider, page.picture.id), alt=page.picture.alt, width=size.width, height=size.height
    )


def picture_answer(picture: PagePicture, keep: str) -> Response:
    """As a picture and nothing else, whatever a browser might make of it. `keep` is its Cache-Control."""
    headers = {"Cache-Control": keep, "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'"}
    return Response(picture.content, media_type=Picture.media_type, headers=headers)


def form_sections(form: SignupForm) -> dict[str, Any]:
    """What the template of the form's fields needs, with nothing filled in."""
    sections = [(title, list(fields)) for title, fields in groupby(form.asked, lambda one: one.section)]
    return {"sections": sections, "complete": AUTOCOMPLETE, "values": {}, "chosen": {}}
