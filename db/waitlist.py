"""The waitlist in the practice's records: open wishes in their order, offers that hold a time, and how they end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import EventKind, record_event, waitlist_subject
from db.models import Appointment, WaitlistOffer, WaitlistWish
from db.timeline import tell
from domain.errors import NotFound
from domain.hours import DayInterval, Weekday
from domain.stages import Actor
from domain.states import AppointmentStatus, TimelineKind
from domain.waitlist import OfferState, Wish, WishEnd

_OPEN = WaitlistWish.ended_at.is_(None)
_HELD = WaitlistOffer.state == str(OfferState.OPEN)


async def open_wishes(session: AsyncSession, provider_id: str) -> list[WaitlistWish]:
    """In the order in which they are served: by when they were asked."""
    query = select(WaitlistWish).where(WaitlistWish.provider_id == provider_id, _OPEN)
    return list(await session.scalars(query.order_by(WaitlistWish.asked_at, WaitlistWish.id)))


async def open_wish_of(session: AsyncSession, client_id: str) -> WaitlistWish | None:
    return await session.scalar(select(WaitlistWish).where(WaitlistWish.client_id == client_id, _OPEN))


async def newest_wish_of(session: AsyncSession, client_id: str) -> WaitlistWish | None:
    query = select(WaitlistWish).where(WaitlistWish.client_id == client_id)
    return await session.scalar(query.order_by(WaitlistWish.asked_at.desc(), WaitlistWish.id).limit(1))


async def wish_by_id(session: AsyncSession, wish_id: str, *, lock: bool = False) -> WaitlistWish:
    """Raises NotFound. Whoever locks has locked the client."""
    query = select(WaitlistWish).where(WaitlistWish.id == wish_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    wish = await session.scalar(locked if lock else query)
    if wish is None:
        raise NotFound("There is no such wish on the waitlist.")
    return wish


async def offer_by_id(session: AsyncSession, offer_id: str, *, lock: bool = False) -> WaitlistOffer:
    """Raises NotFound. Whoever locks has locked the client and the wish."""
    query = select(WaitlistOffer).where(WaitlistOffer.id == offer_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    offer = await session.scalar(locked if lock else query)
    if offer is None:
        raise NotFound("There is no such offer.")
    return offer


async def open_offers(session: AsyncSession, provider_id: str) -> list[WaitlistOffer]:
    """By when they end."""
    query = select(WaitlistOffer).where(WaitlistOffer.provider_id == provider_id, _HELD)
    return list(await session.scalars(query.order_by(WaitlistOffer.expires_at, WaitlistOffer.id)))


async def offers_to_apologise_for(session: AsyncSession, provider_id: str, now: datetime) -> list[WaitlistOffer]:
    """Taken back, and their client waits with it in hand; once it would have ended anyway, nobody does."""
    query = select(WaitlistOffer).where(
        WaitlistOffer.provider_id == provider_id,
        WaitlistOffer.state == str(OfferState.TAKEN_BACK),
        WaitlistOffer.told_at.is_not(None),
        WaitlistOffer.apologised_at.is_(None),
        WaitlistOffer.expires_at > now,
    )
    return list(await session.scalars(query.order_by(WaitlistOffer.id)))


async def open_offer_of(session: AsyncSession, client_id: str) -> WaitlistOffer | None:
    return await session.scalar(select(WaitlistOffer).where(WaitlistOffer.client_id == client_id, _HELD))


async def offers_of_client(session: AsyncSession, client_id: str) -> list[WaitlistOffer]:
    """Newest first, of all their wishes."""
    query = select(WaitlistOffer).where(WaitlistOffer.client_id == client_id)
    return list(await session.scalars(query.order_by(WaitlistOffer.offered_at.desc(), WaitlistOffer.id)))


async def has_gone_to_somebody_else(session: AsyncSession, offer: WaitlistOffer) -> bool:
    """Whether the time of an offer that is over is kept for, or has been taken by, another client."""
    others = select(WaitlistOffer.id).where(
        WaitlistOffer.provider_id == offer.provider_id,
        WaitlistOffer.client_id != offer.client_id,
        WaitlistOffer.starts_at == offer.starts_at,
        WaitlistOffer.state.in_([str(OfferState.OPEN), str(OfferState.TAKEN)]),
    )
    return await session.scalar(others.limit(1)) is not None


async def standing_appointment(session: AsyncSession, wish: WaitlistWish) -> Appointment | None:
    """The booked appointment that it would replace, where that still stands."""
    if wish.replaces_id is None:
        return None
    appointment = await session.get(Appointment, wish.replaces_id)
    booked = appointment is not None and appointment.status == AppointmentStatus.BOOKED
    return appointment if booked else None


def as_wish(row: WaitlistWish, before: datetime | None = None) -> Wish:
    return Wish(
        first_day=row.first_day,
        last_day=row.last_day,
        weekdays=tuple(Weekday(one) for one in row.weekdays),
        between=DayInterval(start=row.start_minute, end=row.end_minute),
        notice_hours=row.notice_hours,
        timezone=row.timezone,
        before=before,
    )


def write_wish(row: WaitlistWish, wish: Wish) -> None:
    row.first_day, row.last_day = wish.first_day, wish.last_day
    row.weekdays = [str(one) for one in wish.weekdays]
    row.start_minute, row.end_minute = wish.between.start, wish.between.end
    row.notice_hours, row.timezone = wish.notice_hours, wish.timezone


async def end_wish(
    session: AsyncSession,
    wish: WaitlistWish,
    because: WishEnd,
    now: datetime,
    *,
    actor: Actor,
    words: str | None = None,
) -> None:
    """The open wish ends; what is held for it is free, and the next one is looked for."""
    wish.ended_at, wish.ended_because, wish.removal_reason = now, str(because), words
    await tell(session, wish.client_id, TimelineKind.WAITLIST_LEFT, at=now, actor=actor, ref=wish.id)
    offer = await session.scalar(
        select(WaitlistOffer)
        .where(WaitlistOffer.wish_id == wish.id, _HELD)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if offer is not None:
        await end_offer(session, offer, OfferState.WITHDRAWN, now, actor=actor)


_TOLD = {
    OfferState.TAKEN: TimelineKind.WAITLIST_OFFER_TAKEN,
    OfferState.DECLINED: TimelineKind.WAITLIST_OFFER_DECLINED,
    OfferState.LAPSED: TimelineKind.WAITLIST_OFFER_LAPSED,
    OfferState.TAKEN_BACK: TimelineKind.WAITLIST_OFFER_TAKEN_BACK,
}


async def end_offer(
    session: AsyncSession, offer: WaitlistOffer, state: OfferState, now: datetime, *, actor: Actor, ringing: bool = True
) -> None:
    """The locked open offer ends: its time is taken, or free for the next one. `ringing` unless that is looked for."""
    offer.state, offer.ended_at = str(state), now
    if state in _TOLD:
        await tell(session, offer.client_id, _TOLD[state], at=now, actor=actor, ref=offer.id)
    if ringing:
        await ring(session, offer.practice_id, offer.provider_id, f"offer-over:{offer.id}")


async def leave_waitlist(
    session: AsyncSession, client_id: str, now: datetime, *, because: WishEnd, replaces_id: str | None = None
) -> None:
    """Their open wish is met by other means, or has nothing to replace any more; one for another matter stays."""
    query = select(WaitlistWish).where(WaitlistWish.client_id == client_id, _OPEN)
    same = WaitlistWish.replaces_id.is_(None) if replaces_id is None else WaitlistWish.replaces_id == replaces_id
    wish = await session.scalar(query.where(same).with_for_update().execution_options(populate_existing=True))
    if wish is not None:
        await end_wish(session, wish, because, now, actor=Actor.SYSTEM)


async def ring(session: AsyncSession, practice_id: str, provider_id: str, happening: str) -> None:
    """Have the provider's waitlist looked after; `happening` names what has changed, once."""
    await record_event(
        session,
        source="waitlist",
        tenant=provider_id,
        external_id=happening,
        kind=EventKind.WAITLIST_NOTICED,
        subject=waitlist_subject(provider_id),
        payload={"provider_id": provider_id, "practice_id": practice_id},
    )


async def time_freed(session: AsyncSession, provider_id: str, happening: str) -> None:
    """Where anybody waits with this provider: somebody may be offered what has become free."""
    query = select(WaitlistWish.practice_id).where(WaitlistWish.provider_id == provider_id, _OPEN)
    practice_id = await session.scalar(query.limit(1))
    if practice_id is not None:
        await ring(session, practice_id, provider_id, happening)


async def providers_waited_for(session: AsyncSession) -> Sequence[str]:
    query = select(WaitlistWish.provider_id).where(_OPEN).distinct()
    return list(await session.scalars(query.order_by(WaitlistWish.provider_id)))
