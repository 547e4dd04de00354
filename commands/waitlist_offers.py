"""Offers of the waitlist: looked at, taken into an ordinary booking or move, declined."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from activities.waitlist_offers import OFFER
from commands.booking import claim
from commands.moving import move
from commands.office import Office
from commands.standpoint import standpoint
from db.calendar import lock_calendar
from db.models import Appointment, Client, WaitlistOffer, WaitlistWish
from db.tenancy import appointment_by_id, client_by_id
from db.waitlist import end_offer, end_wish, has_gone_to_somebody_else, offer_by_id, wish_by_id
from domain.errors import NotFound, OfferOver
from domain.fees import FeeQuote
from domain.stages import Actor
from domain.waitlist import OfferState, WishEnd


@dataclass(frozen=True, kw_only=True)
class OfferView:
    """An offer as its client sees it. `over` says why it can't be taken any more; `quote` is what taking it costs."""

    offer: WaitlistOffer
    wish: WaitlistWish
    client: Client
    replaces: Appointment | None
    quote: FeeQuote | None
    over: OfferOver | None


async def offer_of_token(session: AsyncSession, office: Office, token: str) -> WaitlistOffer:
    """Raises NotFound."""
    offer_id = office.tokens.read(OFFER, token)
    if offer_id is None:
        raise NotFound("This link isn't one of ours. Please use the whole link from the mail.")
    return await offer_by_id(session, offer_id)


async def look_at_offer(session: AsyncSession, office: Office, offer: WaitlistOffer) -> OfferView:
    """A look changes nothing. Raises NotFound for a client who was erased."""
    wish = await wish_by_id(session, offer.wish_id)
    client = await client_by_id(session, offer.client_id)
    replaces = await appointment_by_id(session, wish.replaces_id) if wish.replaces_id else None
    over = await why_over(session, office, offer, wish)
    quote = None
    if over is None and replaces is None:
        quote = (await standpoint(session, office, client, Actor.CLIENT, type_id=wish.type_id)).quote
    return OfferView(offer=offer, wish=wish, client=client, replaces=replaces, quote=quote, over=over)


async def why_over(session: AsyncSession, office: Office, offer: WaitlistOffer, wish: WaitlistWish) -> OfferOver | None:
    """Why the time isn't held for this client (any more), said kindly; None while it is."""
    state = OfferState(offer.state)
    if state is OfferState.OPEN and await office.clock.now(session) < offer.expires_at:
        return None
    waits = " You are still on the waitlist: when another time frees up, we will tell you." if not wish.ended_at else ""
    if state is OfferState.TAKEN:
        return OfferOver("You have taken this time already.", state=str(state))
    if state is OfferState.DECLINED:
        return OfferOver(f"You said that this time doesn't suit you.{waits}", state=str(state))
    if state is OfferState.TAKEN_BACK:
        return OfferOver(f"We are sorry: this time isn't free after all.{waits}", state=str(state))
    if await has_gone_to_somebody_else(session, offer):
        return OfferOver(f"We are sorry: this time has gone to somebody else.{waits}", state=str(state))
    if state in (OfferState.OPEN, OfferState.LAPSED):
        return OfferOver(f"We are sorry: the time to answer is over.{waits}", state=str(OfferState.LAPSED))
    return OfferOver("This time isn't held for you any more.", state=str(state))


async def take_offer(
    session: AsyncSession, office: Office, offer_id: str, *, seen_quote: str | None = None
) -> Appointment:
    """The time becomes theirs: booked as any other (with its fee, if one is due), or the new time of what it replaces.

    Taken again it is the same appointment. Raises OfferOver, and what keeps them from booking or moving at this moment:
    the offer then stays open until its end. The calendar's lock makes letting it go and claiming its time one.
    """
    offer = await offer_by_id(session, offer_id)
    await lock_calendar(session, offer.provider_id)
    wish = await wish_by_id(session, offer.wish_id)
    replaces = await appointment_by_id(session, wish.replaces_id, for_update=True) if wish.replaces_id else None
    client, wish, offer = await _locked(session, offer)
    if offer.state == OfferState.TAKEN and offer.appointment_id is not None:
        return await appointment_by_id(session, offer.appointment_id)
    over = await why_over(session, office, offer, wish)
    if over is not None:
        raise over
    now = await office.clock.now(session)
    await end_offer(session, offer, OfferState.TAKEN, now, actor=Actor.CLIENT)
    await end_wish(session, wish, WishEnd.TAKEN, now, actor=Actor.CLIENT)
    await session.flush()
    if replaces is not None:
        appointment = await move(session, office, replaces, offer.starts_at, actor=Actor.CLIENT)
    else:
        starts_at, kind = offer.starts_at, wish.type_id
        appointment = await claim(
            session, office, client, starts_at, actor=Actor.CLIENT, type_id=kind, seen_quote=seen_quote
        )
    offer.appointment_id = appointment.id
    return appointment


async def decline_offer(session: AsyncSession, office: Office, offer_id: str) -> WaitlistOffer:
    """It goes to the next at once; the wish stays. Declined again, the same. Raises OfferOver."""
    _, wish, offer = await _locked(session, await offer_by_id(session, offer_id))
    if offer.state == OfferState.DECLINED:
        return offer
    over = await why_over(session, office, offer, wish)
    if over is not None:
        raise over
    await end_offer(session, offer, OfferState.DECLINED, await office.clock.now(session), actor=Actor.CLIENT)
    return offer


async def _locked(session: AsyncSession, offer: WaitlistOffer) -> tuple[Client, WaitlistWish, WaitlistOffer]:
    """Client, wish, offer: the order in which everybody locks them, after calendar and appointment."""
    client = await client_by_id(session, offer.client_id, for_update=True)
    wish = await wish_by_id(session, offer.wish_id, lock=True)
    return client, wish, await offer_by_id(session, offer.id, lock=True)
