"""Calendars of a provider outside of Portico: the one that their own programs subscribe to."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.calendar_feeds import change_feed, feed_of, make_feed, revoke_feed
from commands.office import Office
from db.models import Provider
from db.settings_store import load_availability
from domain.calendar_feed import FeedNames
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import StaffFrame, TheStaffFrame, go
from web.identity import permitted
from web.transactions import TheOffice, Transaction

console_calendars_router = APIRouter(
    prefix="/console/providers/{provider}/calendars",
    tags=["pages: console"],
    dependencies=[permitted(Permission.CHANGE_PROVIDER)],
)


@console_calendars_router.get("", summary="A provider's calendar in other programs")
async def calendars_page(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    return await _page(session, office, frame, provider)


@console_calendars_router.post("/feed", summary="Make, renew or change the address of a provider's calendar")
async def save_feed(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    """A new address is told in the answer itself: nowhere is it kept."""
    if form.first("action") == "names":
        await change_feed(session, office, provider, form.first("names"), frame.staff.who)
        return go(_home(provider), "saved")
    address = await make_feed(session, office, provider, form.first("names"), frame.staff.who)
    return await _page(session, office, frame, provider, address=address)


@console_calendars_router.post("/feed/revoke", summary="Revoke the address of a provider's calendar")
async def end_feed(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    await revoke_feed(session, office, provider, frame.staff.who)
    return go(_home(provider), "feed-revoked")


def _home(provider: Provider) -> str:
    return f"/console/providers/{provider.slug}/calendars"


async def _page(
    session: AsyncSession, office: Office, frame: StaffFrame, provider: Provider, *, address: str | None = None
) -> Response:
    return frame.render(
        "console/calendars.html",
        provider=provider,
        home=_home(provider),
        timezone=(await load_availability(session, provider.id)).timezone,
        feed=await feed_of(session, provider.id),
        address=address,
        default_names=str(FeedNames.NOTHING),
    )
