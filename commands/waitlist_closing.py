"""Offers of times that aren't open any more: taken back at once, so that nobody is kept waiting for a closed door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db.busy_times import elsewhere
from db.models import WaitlistOffer
from db.policy_store import load_policy
from db.tenancy import client_by_id
from db.waitlist import end_offer, offer_by_id, open_offers, wish_by_id
from domain.errors import NotFound
from domain.hours import Availability
from domain.slots import is_open_slot
from domain.stages import Actor
from domain.waitlist import OfferState


async def offers_closed_by(session: AsyncSession, provider_id: str, hours: Availability) -> Sequence[WaitlistOffer]:
    """Open offers of times that these hours don't have: whoever took one of them would be refused."""
    return [one for one in await open_offers(session, provider_id) if not await _stands(session, one, hours)]


async def _stands(session: AsyncSession, offer: WaitlistOffer, hours: Availability) -> bool:
    policy = (await load_policy(session, offer.provider_id, offer.client_id)).policy
    rules = policy.slot_rules().lasting(offer.ends_at - offer.starts_at)
    away = await elsewhere(session, offer.provider_id, offer.starts_at, offer.ends_at + rules.buffer)
    return is_open_slot(hours, rules, offer.starts_at, away)


async def take_back_closed(
    session: AsyncSession, provider_id: str, hours: Availability, now: datetime, *, actor: Actor, ringing: bool = True
) -> int:
    """How many offers end because of these hours; the places on the waitlist stay. The calendar is locked.

    Called before the hours are saved: clients are locked here, and whoever has locked a client doesn't wait for the
    provider's row to be free meanwhile.
    """
    ended = 0
    for seen in await offers_closed_by(session, provider_id, hours):
        try:
            await client_by_id(session, seen.client_id, for_update=True)
        except NotFound:
            continue  # is being erased, and the offer with them
        await wish_by_id(session, seen.wish_id, lock=True)
        offer = await offer_by_id(session, seen.id, lock=True)
        if offer.state == OfferState.OPEN:
            await end_offer(session, offer, OfferState.TAKEN_BACK, now, actor=actor, ringing=ringing)
            ended += 1
    return ended
