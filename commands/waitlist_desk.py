"""Keeping a provider's waitlist: what is over ends, and each free time that fits goes to the first who fits."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from commands.waitlist_closing import offers_closed_by, take_back_closed
from commands.waitlist_look import Look, fit_for, look_at_wish
from db.calendar import lock_calendar
from db.ids import new_id
from db.models import Client, WaitlistOffer, WaitlistWish
from db.settings_store import load_availability
from db.tenancy import client_by_id
from db.timeline import tell
from db.waitlist import (
    end_offer,
    end_wish,
    offer_by_id,
    offers_of_client,
    offers_to_apologise_for,
    open_offers,
    open_wishes,
    providers_waited_for,
    ring,
    wish_by_id,
)
from domain.errors import NotFound
from domain.slots import Slot
from domain.stages import Actor
from domain.states import TimelineKind
from domain.waitlist import OfferState, WishEnd, given_up
from domain.waitlist_keeping import HeldOffer, Kept

logger = logging.getLogger("portico.waitlist")


class WaitlistDesk:
    """`domain.waitlist_keeping.WaitlistKeeping`: the gates that a page asks are asked here, too."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def keep(self, provider_id: str, now: datetime) -> Kept:
        """Looked at without the calendar's lock first: it is taken where something is to be written, and looked again.

        Done again, it changes nothing that a first try has done already.
        """
        async with self._office.database.transaction() as session:
            mornings: list[datetime] = []
            if await self._has_something_to_do(session, provider_id, now, mornings):
                await lock_calendar(session, provider_id)
                await self._end_what_is_over(session, provider_id, now)
                mornings = await self._offer(session, provider_id, now)
            held = await open_offers(session, provider_id)
            taken_back = await offers_to_apologise_for(session, provider_id, now)
            return Kept(
                offers=tuple(_as_held(one) for one in held),
                look_again_at=min([*(one.expires_at for one in held), *mornings], default=None),
                taken_back=tuple(_as_held(one) for one in taken_back),
            )

    async def ring_where_needed(self, now: datetime) -> int:
        """For the sweep: the net below everything that ought to have rung by itself."""
        async with self._office.database.transaction() as session:
            providers = await providers_waited_for(session)
        rung = 0
        for provider_id in providers:
            async with self._office.database.transaction() as session:
                if await self._has_something_to_do(session, provider_id, now, []):
                    wishes = await open_wishes(session, provider_id)
                    await ring(session, wishes[0].practice_id, provider_id, f"sweep:{now:%Y%m%d%H%M}")
                    rung += 1
        return rung

    # Looking

    async def _has_something_to_do(
        self, session: AsyncSession, provider_id: str, now: datetime, mornings: list[datetime]
    ) -> bool:
        """Also where the night keeps somebody from an offer: `mornings` are when those nights end."""
        held = await open_offers(session, provider_id)
        if any(one.expires_at <= now for one in held):
            return True
        if held and await offers_closed_by(session, provider_id, await load_availability(session, provider_id)):
            return True
        served = {one.wish_id for one in held}
        for row in await open_wishes(session, provider_id):
            if row.id in served:
                continue
            look = await self._look(session, row, now)
            if look is None:
                continue
            if _over(look) or await self._given_up(session, row):
                return True
            if await self._fit(session, look) is None:
                continue
            morning = look.wish.asleep_until(now)
            if morning is None:
                return True
            mornings.append(morning)
        return False

    async def _look(self, session: AsyncSession, row: WaitlistWish, now: datetime) -> Look | None:
        """None for somebody who has just been erased."""
        try:
            client = await client_by_id(session, row.client_id)
        except NotFound:
            return None
        return await look_at_wish(session, self._office, row, client, now)

    async def _fit(self, session: AsyncSession, look: Look) -> tuple[Slot, datetime] | None:
        theirs = await offers_of_client(session, look.row.client_id)
        before = {one.starts_at for one in theirs if one.state != OfferState.TAKEN_BACK}
        return await fit_for(session, look, before)

    async def _given_up(self, session: AsyncSession, row: WaitlistWish) -> bool:
        """Of what their mailbox has taken; an offer that nobody was told of can't have been answered."""
        theirs = await offers_of_client(session, row.client_id)
        told = [one for one in theirs if one.wish_id == row.id and one.told_at is not None]
        return given_up([OfferState(one.state) for one in told])

    # Writing; the calendar is locked

    async def _end_what_is_over(self, session: AsyncSession, provider_id: str, now: datetime) -> None:
        for held in await open_offers(session, provider_id):
            if held.expires_at <= now and await self._lock(session, held.client_id, held.wish_id) is not None:
                offer = await offer_by_id(session, held.id, lock=True)
                if offer.state == OfferState.OPEN:
                    await end_offer(session, offer, OfferState.LAPSED, now, actor=Actor.SYSTEM, ringing=False)
        hours = await load_availability(session, provider_id)
        await take_back_closed(session, provider_id, hours, now, actor=Actor.SYSTEM, ringing=False)
        served = {one.wish_id for one in await open_offers(session, provider_id)}
        for row in await open_wishes(session, provider_id):
            if row.id in served:
                continue
            look = await self._look(session, row, now)
            because = WishEnd.UNANSWERED if await self._given_up(session, row) else _over(look) if look else None
            if because is not None and await self._lock(session, row.client_id, row.id) is not None:
                await end_wish(session, row, because, now, actor=Actor.SYSTEM)

    async def _offer(self, session: AsyncSession, provider_id: str, now: datetime) -> list[datetime]:
        """Wish by wish in their order, each gets the first time that fits and isn't kept for anybody.

        Whoever sleeps is passed over: when their nights end.
        """
        served = {one.wish_id for one in await open_offers(session, provider_id)}
        mornings: list[datetime] = []
        for row in await open_wishes(session, provider_id):
            look = None if row.id in served else await self._look(session, row, now)
            fit = await self._fit(session, look) if look is not None else None
            if look is None or fit is None:
                continue
            morning = look.wish.asleep_until(now)
            if morning is not None:
                mornings.append(morning)
            elif await self._lock(session, row.client_id, row.id) is not None:
                await self._hold(session, row, *fit, now)
        return mornings

    async def _lock(self, session: AsyncSession, client_id: str, wish_id: str) -> Client | None:
        """The client, then the wish; None where either is gone meanwhile."""
        try:
            client = await client_by_id(session, client_id, for_update=True)
            return client if (await wish_by_id(session, wish_id, lock=True)).ended_at is None else None
        except NotFound:
            return None

    async def _hold(self, session: AsyncSession, row: WaitlistWish, slot: Slot, until: datetime, now: datetime) -> None:
        offer = WaitlistOffer(
            id=new_id("ofr"),
            practice_id=row.practice_id,
            provider_id=row.provider_id,
            client_id=row.client_id,
            wish_id=row.id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            state=str(OfferState.OPEN),
            offered_at=now,
            expires_at=until,
        )
        session.add(offer)
        await session.flush()
        await tell(session, row.client_id, TimelineKind.WAITLIST_OFFERED, at=now, actor=Actor.SYSTEM, ref=offer.id)
        logger.info("provider %s: offer %s holds a time until %s", row.provider_id, offer.id, until.isoformat())


def _as_held(offer: WaitlistOffer) -> HeldOffer:
    return HeldOffer(
        offer_id=offer.id, client_id=offer.client_id, expires_at=offer.expires_at, told=offer.told_at is not None
    )


def _over(look: Look) -> WishEnd | None:
    if look.needless:
        return WishEnd.NOT_NEEDED
    return WishEnd.LAPSED if look.wish.over(look.now) else None
