"""Wishes on the waitlist: asked, changed and withdrawn by clients, added and removed by staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.moving import may_move
from commands.office import Office
from commands.standpoint import standpoint
from commands.waitlist_look import Look, free_times, look_at_wish
from db.ids import new_id
from db.in_force import in_force_for
from db.models import Appointment, Client, WaitlistOffer, WaitlistWish
from db.tenancy import client_by_id
from db.timeline import tell
from db.waitlist import (
    end_wish,
    open_offer_of,
    open_offers,
    open_wish_of,
    open_wishes,
    wish_by_id,
    write_wish,
)
from domain.audit import AuditKind
from domain.decisions import refusals
from domain.errors import Conflict, NotFound, TimesFree, ValidationFailed, WaitlistOff
from domain.slots import Slot, SlotRules
from domain.stages import Actor
from domain.states import AppointmentStatus, TimelineKind
from domain.texts import clean_text
from domain.waitlist import Wish, WishEnd, read_wish

_LONGEST_REASON = 500
_SHOWN = 6  # of the free times that make a wish needless


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One on the provider's list: who, what for, what is held for them, and why they would be passed over."""

    client: Client
    look: Look
    offer: WaitlistOffer | None


async def ask(
    session: AsyncSession,
    office: Office,
    client: Client,
    document: Mapping[str, object],
    *,
    actor: Actor,
    type_id: str | None = None,
    replaces: Appointment | None = None,
) -> WaitlistWish:
    """Put the locked client on the waitlist, or change what they wait for; their place in the order stays.

    `replaces` is a booked appointment of theirs that they would like an earlier time for. What fits and is free already
    is there to be booked, and makes no wish. Raises ValidationFailed, WaitlistOff, TimesFree, Conflict (a time is held
    for them right now), and for a client what keeps them from booking or moving.
    """
    now = await office.clock.now(session)
    wanted = await _wanted(session, office, client, actor, type_id, replaces)
    zone = client.timezone or wanted.zone
    wish = read_wish(document, now=now, timezone=zone, before=replaces.starts_at if replaces else None)
    start, end = wish.window(now)
    if end <= start:
        raise ValidationFailed.of("until", "leaves no time: please choose a later day")
    if await open_offer_of(session, client.id) is not None:
        raise Conflict("A time is being held at this moment. Please take or decline it first.")
    await _check_nothing_is_free(session, client, wanted, wish, now)
    row = await open_wish_of(session, client.id)
    kind = TimelineKind.WAITLIST_CHANGED if row is not None else TimelineKind.WAITLIST_JOINED
    if row is None:
        row = _new_row(client, actor, now)
        session.add(row)
    row.type_id, row.replaces_id = wanted.type_id, replaces.id if replaces is not None else None
    write_wish(row, wish)
    await session.flush()
    await tell(session, client.id, kind, at=now, actor=actor, ref=f"{row.id}:{now:%Y%m%d%H%M%S%f}")
    return row


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    type_id: str
    rules: SlotRules
    zone: str


async def _wanted(
    session: AsyncSession,
    office: Office,
    client: Client,
    actor: Actor,
    type_id: str | None,
    replaces: Appointment | None,
) -> _Wanted:
    """What is waited for. Raises what keeps the client from it; staff may add somebody who is kept from it now."""
    point = await standpoint(session, office, client, Actor.CLIENT, type_id=type_id)
    if point.policy.waitlist_offer_minutes == 0:
        raise WaitlistOff("There is no waitlist here. Please call the practice.")
    zone = point.here.availability.timezone
    if replaces is None:
        if actor is Actor.CLIENT:
            refusals(point.blocks)
        return _Wanted(type_id=point.kind.id, rules=point.policy.slot_rules(), zone=zone)
    if replaces.client_id != client.id or replaces.status != AppointmentStatus.BOOKED:
        raise Conflict("Only for a booked appointment of theirs can an earlier time be wished for.")
    decision = await may_move(session, office, replaces, actor)
    if decision.refusal is not None:
        raise decision.refusal
    rules = point.policy.slot_rules().lasting(replaces.ends_at - replaces.starts_at)
    return _Wanted(type_id=replaces.type_id, rules=rules, zone=zone)


async def _check_nothing_is_free(
    session: AsyncSession, client: Client, wanted: _Wanted, wish: Wish, now: datetime
) -> None:
    fitting = await fitting_times(session, client, wanted.rules, wish, now)
    if fitting:
        starts = [one.starts_at.isoformat() for one in fitting[:_SHOWN]]
        raise TimesFree("There are free times that fit: book one of them, or wish for less.", slots=starts)


async def fitting_times(
    session: AsyncSession, client: Client, rules: SlotRules, wish: Wish, now: datetime
) -> Sequence[Slot]:
    slots = await free_times(session, await in_force_for(session, client.provider_id, client.id), rules, wish, now)
    return [one for one in slots if wish.fits(one.starts_at, one.ends_at, now)]


def _new_row(client: Client, actor: Actor, now: datetime) -> WaitlistWish:
    return WaitlistWish(
        id=new_id("wsh"),
        practice_id=client.practice_id,
        provider_id=client.provider_id,
        client_id=client.id,
        asked_at=now,
        asked_by=str(actor),
    )


async def withdraw_wish(session: AsyncSession, office: Office, client: Client) -> None:
    """The locked client waits no more; withdrawn again, the same. What was held for them goes to the next."""
    row = await open_wish_of(session, client.id)
    if row is None:
        return
    row = await wish_by_id(session, row.id, lock=True)
    if row.ended_at is None:
        await end_wish(session, row, WishEnd.WITHDRAWN, await office.clock.now(session), actor=Actor.CLIENT)


async def add_to_waitlist(
    session: AsyncSession,
    office: Office,
    client: Client,
    document: Mapping[str, object],
    *,
    who: Who,
    type_id: str | None = None,
    replaces: Appointment | None = None,
) -> WaitlistWish:
    """By staff, for the locked client. Raises what `ask` raises."""
    row = await ask(session, office, client, document, actor=Actor.STAFF, type_id=type_id, replaces=replaces)
    await note(session, office, who, AuditKind.WAITLIST_ADDED, client.id)
    return row


async def remove_from_waitlist(
    session: AsyncSession, office: Office, wish_id: str, reason: str | None, who: Who
) -> None:
    """With a reason; what was held for them goes to the next. Removed again, the same. Raises ValidationFailed."""
    words = _checked_reason(reason)
    row = await wish_by_id(session, wish_id)
    await client_by_id(session, row.client_id, for_update=True)
    row = await wish_by_id(session, wish_id, lock=True)
    if row.ended_at is None:
        now = await office.clock.now(session)
        await end_wish(session, row, WishEnd.REMOVED, now, actor=Actor.STAFF, words=words)
        await note(session, office, who, AuditKind.WAITLIST_REMOVED, row.client_id)


def _checked_reason(reason: str | None) -> str:
    if reason is None or not reason.strip():
        raise ValidationFailed.of("reason", "is needed")
    try:
        return clean_text(reason, _LONGEST_REASON)
    except ValueError as error:
        raise ValidationFailed.of("reason", str(error)) from None


async def waiting_with(session: AsyncSession, office: Office, provider_id: str) -> list[Waiting]:
    """The provider's list, in the order in which it is served, as the rules are at this moment."""
    now = await office.clock.now(session)
    held = {one.wish_id: one for one in await open_offers(session, provider_id)}
    found = []
    for row in await open_wishes(session, provider_id):
        try:
            client = await client_by_id(session, row.client_id)
        except NotFound:
            continue  # is being erased
        found.append(
            Waiting(client=client, look=await look_at_wish(session, office, row, client, now), offer=held.get(row.id))
        )
    return found
