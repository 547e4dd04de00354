"""A provider's calendars elsewhere: the one that their programs subscribe to, and the one that blocks time here."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.busy_calendars import add_busy_calendar, busy_calendar_of, look_again, remove_busy_calendar
from commands.calendar_feeds import change_feed, feed_of, make_feed, revoke_feed
from commands.office import Office
from db.models import Provider
from db.settings_store import load_availability
from db.tenancy import provider_by_slug
from domain.busy_calendars import CalendarUnreadable
from domain.calendar_feed import FeedNames
from domain.errors import Conflict, DomainError, RateLimited, ValidationFailed
from domain.roles import Permission
from portal.forms import StaffForm
from portal.pages.console_settings import OwnProvider
from portal.pages.frames import StaffFrame, TheStaffFrame, go, staff_frame
from portal.wording import UNREADABLE
from web.fields import opaque_id
from web.identity import SignedInStaff, Staff, permitted
from web.problems import status_of
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


@console_calendars_router.post("/busy", summary="Add a calendar whose busy times block a provider's")
async def add_calendar(
    request: Request, office: TheOffice, form: StaffForm, staff: SignedInStaff, provider: str
) -> Response:
    """It is read before it is kept, and no transaction is open meanwhile."""
    whose = await _own(office, staff, provider)
    typed = form.first("address")
    try:
        await add_busy_calendar(office, whose, typed, staff.who)
    except (CalendarUnreadable, ValidationFailed, RateLimited) as refusal:
        async with office.database.transaction() as session:
            frame = await staff_frame(request, session, office, staff)
            return await _page(session, office, frame, whose, typed=typed, refusal=refusal)
    return go(_home(whose), "busy-added")


@console_calendars_router.post("/busy/look", summary="Read the calendar elsewhere again, now")
async def look_now(office: TheOffice, form: StaffForm, staff: SignedInStaff, provider: str) -> Response:
    whose = await _own(office, staff, provider)
    try:
        failure = await look_again(office, whose)
    except Conflict:
        return go(_home(whose))
    return go(_home(whose), "busy-not-read" if failure else "busy-read")


async def _own(office: Office, staff: Staff, slug: str) -> Provider:
    async with office.database.transaction() as session:
        return await provider_by_slug(session, opaque_id(slug), staff.reach)


@console_calendars_router.post("/busy/remove", summary="Remove the calendar elsewhere")
async def remove_calendar(
    session: Transaction, office: TheOffice, form: StaffForm, frame: TheStaffFrame, provider: OwnProvider
) -> Response:
    await remove_busy_calendar(session, office, provider, frame.staff.who)
    return go(_home(provider), "busy-removed")


def _home(provider: Provider) -> str:
    return f"/console/providers/{provider.slug}/calendars"


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    *,
    address: str | None = None,
    typed: str = "",
    refusal: CalendarUnreadable | DomainError | None = None,
) -> Response:
    """`address` is that of a feed that was made just now, `typed` one that was refused."""
    return frame.render(
        "console/calendars.html",
        status=status_of(refusal) if isinstance(refusal, DomainError) else 422 if refusal else 200,
        provider=provider,
        home=_home(provider),
        timezone=(await load_availability(session, provider.id)).timezone,
        feed=await feed_of(session, provider.id),
        address=address,
        default_names=str(FeedNames.NOTHING),
        busy=await busy_calendar_of(session, office, provider.id),
        now=await office.clock.now(session),
        typed=typed,
        errors={"address": _said(refusal)} if refusal else {},
    )


def _said(refusal: CalendarUnreadable | DomainError) -> str:
    if isinstance(refusal, CalendarUnreadable):
        said = f"it couldn't be read: {UNREADABLE[refusal.why]}"
    else:
        said = refusal.errors[0].message if isinstance(refusal, ValidationFailed) else refusal.detail
    return said[:1].upper() + said[1:]
