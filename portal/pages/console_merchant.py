"""A provider's merchant account: how it stands, what to do, and the way to the processor and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.merchant_accounts import connect, has_been_read, look_again, merchant_view, wait_until_read
from commands.office import Office
from db.models import Provider
from db.tenancy import provider_by_slug, provider_within
from domain.errors import DomainError, PaymentUnavailable
from domain.roles import Permission
from portal.forms import StaffForm
from portal.merchant_words import asked_for, guidance
from portal.pages.frames import StaffFrame, TheStaffFrame, go, staff_frame
from portal.pages.queries import providers_of, timezone_of_practice
from portal.paths import with_query
from portal.rendering import refresh_after
from portal.waiting import instant_in
from web.fields import opaque_id
from web.identity import SignedInStaff, permitted
from web.problems import status_of
from web.transactions import TheOffice, TheRelay, Transaction

console_merchant_router = APIRouter(
    prefix="/console/merchant-account", tags=["pages: console"], dependencies=[permitted(Permission.CHANGE_PROVIDER)]
)

# How often a page that waits for the processor looks again, and how many times.
_LOOK_AGAIN_SECONDS = 3
_LOOKS = 10
_PROVIDER_ID = "prv_"  # no slug has an underscore
_AWAY = "The payment processor doesn't answer right now. Nothing was changed; please try again in a moment."


async def reached_provider(provider: str, office: TheOffice, staff: SignedInStaff) -> Provider:
    """In a transaction of its own: none is held while the processor is asked. Raises NotFound.

    By id, too: so the processor's pages lead back, which are told nobody's name.
    """
    async with office.database.transaction() as session:
        if provider.startswith(_PROVIDER_ID):
            return await provider_within(session, staff.reach, opaque_id(provider))
        return await provider_by_slug(session, opaque_id(provider), staff.reach)


ReachedProvider = Annotated[Provider, Depends(reached_provider)]


@console_merchant_router.get("", summary="Merchant accounts of the practice's providers")
async def choose_provider(session: Transaction, frame: TheStaffFrame) -> Response:
    providers = await providers_of(session, frame.staff.reach)
    if len(providers) == 1:
        return go(f"/console/merchant-account/{providers[0].slug}")
    return frame.render(
        "console/settings_choose.html", providers=providers, title="Merchant accounts", place="merchant-account"
    )


@console_merchant_router.get("/{provider}", summary="How the merchant account stands, and what to do")
async def merchant_page(
    session: Transaction,
    office: TheOffice,
    frame: TheStaffFrame,
    provider: ReachedProvider,
    checking: Annotated[int, Query(ge=0, le=1000)] = 0,
    before: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    waiting = 0 < checking <= _LOOKS and not await has_been_read(session, provider, instant_in(before))
    refresh = None
    if waiting:
        again = with_query(f"/console/merchant-account/{provider.slug}", checking=str(checking + 1), before=before)
        refresh = refresh_after(_LOOK_AGAIN_SECONDS, again)
    return await _page(session, office, frame, provider, waiting=waiting, refresh=refresh)


@console_merchant_router.post("/{provider}/connect", summary="Go on at the processor")
async def go_to_processor(
    request: Request, office: TheOffice, form: StaffForm, staff: SignedInStaff, provider: ReachedProvider
) -> Response:
    try:
        return RedirectResponse(await connect(office, staff.who, provider), 303)
    except DomainError as error:
        refusal, status = error.detail, status_of(error)
    except PaymentUnavailable:
        refusal, status = _AWAY, 503
    async with office.database.transaction() as session:
        frame = await staff_frame(request, session, office, staff)
        return await _page(session, office, frame, provider, refusal=refusal, status=status)


@console_merchant_router.get("/{provider}/return", summary="Back from the processor")
async def back_from_processor(office: TheOffice, relay: TheRelay, provider: ReachedProvider) -> Response:
    """Coming back proves nothing: the account is read again, and the page says what was found."""
    return await _look(office, relay, provider, "return")


@console_merchant_router.post("/{provider}/check", summary="Read the account again")
async def check_again(office: TheOffice, relay: TheRelay, form: StaffForm, provider: ReachedProvider) -> Response:
    return await _look(office, relay, provider, "check")


@console_merchant_router.get("/{provider}/refresh", summary="A link of the processor's has run out")
async def link_has_run_out(
    session: Transaction, office: TheOffice, frame: TheStaffFrame, provider: ReachedProvider
) -> Response:
    """Links are good once, and briefly; a new one is made when somebody asks for it."""
    return await _page(session, office, frame, provider, run_out=True)


async def _look(office: Office, relay: TheRelay, provider: Provider, source: str) -> Response:
    async with office.database.transaction() as session:
        before = await look_again(session, office, provider, f"merchant-{source}")
    relay.nudge(session.info.pop("event_subjects", []))
    here = f"/console/merchant-account/{provider.slug}"
    if await wait_until_read(office, provider, before):
        return go(here)
    return go(here, checking="1", before=before.isoformat() if before else None)


async def _page(
    session: AsyncSession,
    office: Office,
    frame: StaffFrame,
    provider: Provider,
    *,
    waiting: bool = False,
    refresh: str | None = None,
    run_out: bool = False,
    refusal: str | None = None,
    status: int = 200,
) -> Response:
    view = await merchant_view(session, office, provider)
    return frame.render(
        "console/merchant_account.html",
        status=status,
        provider=provider,
        several=len(await providers_of(session, frame.staff.reach)) > 1,
        view=view,
        guidance=guidance(view),
        asked_for=asked_for(view.due),
        waiting=waiting,
        refresh=refresh,
        run_out=run_out,
        refusal=refusal,
        timezone=await timezone_of_practice(session, frame.staff.reach),
    )
