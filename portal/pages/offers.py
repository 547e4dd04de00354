"""Behind the link of an offer: the time that is held, taken or declined by a button; a look changes nothing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.rate_limits import WRONG_TOKENS_PER_ADDRESS, count_failures
from commands.waitlist_offers import decline_offer, look_at_offer, offer_of_token, take_offer
from db.models import WaitlistOffer
from db.policy_store import load_policy
from db.settings_store import load_availability
from db.tenancy import appointment_by_id, practice_of
from domain.errors import DomainError, NotFound
from portal.forms import PublicForm
from portal.pages.waitlist import on_to
from portal.rendering import render, spoken_until
from web.problems import status_of
from web.transactions import RemoteAddress, TheOffice, TheRelay, Transaction

offers_router = APIRouter(prefix="/offers/{token}", tags=["pages: public"])
_LONGEST_TOKEN = 200


async def _found(session: AsyncSession, office: Office, token: str, address: str) -> WaitlistOffer:
    async with count_failures(office.database, WRONG_TOKENS_PER_ADDRESS, address):
        return await offer_of_token(session, office, token[:_LONGEST_TOKEN])


@offers_router.get("", summary="A freed time that is held for the client")
async def offer_page(
    request: Request, token: str, session: Transaction, office: TheOffice, address: RemoteAddress
) -> Response:
    return await _page(request, session, office, await _found(session, office, token, address))


@offers_router.post("", summary="Take the time that is held, or let it go to the next")
async def answer_offer(
    request: Request, token: str, office: TheOffice, relay: TheRelay, address: RemoteAddress, form: PublicForm
) -> Response:
    """Committed before the journey is waited for: it couldn't see the appointment otherwise."""
    async with office.database.transaction() as session:
        offer = await _found(session, office, token, address)
    if form.first("action") not in ("take", "decline"):
        raise NotFound("There is nothing like that to be done with it.")
    taken = None
    try:
        async with office.database.transaction() as session:
            if form.first("action") == "decline":
                await decline_offer(session, office, offer.id)
            else:
                quote = form.first("quote") if form.has("quote") else None
                taken = await take_offer(session, office, offer.id, seen_quote=quote)
    except DomainError as refusal:
        async with office.database.transaction() as session:
            offer = await _found(session, office, token, address)
            return await _page(request, session, office, offer, refusal=refusal)
    relay.nudge(session.info.pop("event_subjects", []))
    if taken is not None:
        # Whoever isn't signed in sees it on this page; the portal asks them to sign in first.
        return await on_to(office, taken.id, f"/offers/{token}")
    async with office.database.transaction() as session:
        return await _page(request, session, office, await _found(session, office, token, address))


async def _page(
    request: Request,
    session: AsyncSession,
    office: Office,
    offer: WaitlistOffer,
    *,
    refusal: DomainError | None = None,
) -> Response:
    view = await look_at_offer(session, office, offer)
    timezone = (await load_availability(session, offer.provider_id)).timezone
    now = await office.clock.now(session)
    kept = {"taken", "declined"}
    refused = refusal or (view.over if offer.state not in kept else None)
    status = status_of(refused) if refused is not None else 200
    context: dict[str, Any] = {
        "practice": await practice_of(session, offer.practice_id),
        "policy": (await load_policy(session, offer.provider_id, offer.client_id)).policy,
        "view": view,
        "offer": offer,
        "timezone": timezone,
        "until": spoken_until(offer.expires_at, timezone, now),
        "appointment": await appointment_by_id(session, offer.appointment_id) if offer.appointment_id else None,
        "refusal": refusal.detail if refusal is not None and view.over is None else None,
    }
    return render(request, "public/offer.html", status=status, **context)
