"""Putting the provider's page and sign-up form into the practice's own website: what to paste, allow and try."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from domain.roles import Permission
from portal.pages.console_settings import OwnProvider
from portal.pages.doors import door_at
from portal.pages.frames import TheStaffFrame
from portal.snippets import Snippets
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_website_router = APIRouter(
    prefix="/console/providers/{provider}/website",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)


@console_website_router.get("", summary="Your website: link, button and form to paste")
async def your_website(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    door = await door_at(session, provider.slug)
    return frame.render(
        "console/website.html",
        provider=provider,
        door=door,
        snippets=Snippets(base_url=office.base_url, slug=provider.slug, name=door.page.name),
        base_url=office.base_url,
    )
