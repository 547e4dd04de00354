"""A provider leaves the practice, or comes back: one fact that every gate reads, and what is ended with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.busy_calendars import remove_busy_calendar
from commands.calendar_feeds import revoke_feed
from commands.office import Office
from commands.staff import deactivate, member_of, reactivate
from commands.waitlist_closing import take_back_closed
from commands.withdrawing import end_way
from db.calendar import lock_calendar
from db.leaving import affairs_of, lock_clients_under_way, sign_ins_of
from db.models import Provider
from db.settings_store import load_availability
from db.tenancy import client_by_id
from db.waitlist import end_wish, open_wishes, wish_by_id
from domain.audit import AuditKind
from domain.errors import NotFound
from domain.leaving import Affairs, closing_reason, leave_refusal, read_words
from domain.stages import Actor
from domain.waitlist import WishEnd


async def look_at_leaving(session: AsyncSession, office: Office, provider: Provider) -> Affairs:
    """What the provider has to do with at this moment; nothing is changed."""
    return await affairs_of(session, provider.id, await office.clock.now(session))


async def leave(session: AsyncSession, office: Office, provider: Provider, who: Who, *, words: str | None) -> Affairs:
    """From now on nobody comes to the provider any more; what it was that ended. Again is the same, with other words.

    All of it is one transaction, locked in the order of a claim: calendar, clients. Raises ValidationFailed, and
    Conflict while appointments are ahead.
    """
    said = read_words(words)
    await lock_calendar(session, provider.id)
    await session.refresh(provider)
    affairs = await look_at_leaving(session, office, provider)
    if provider.left_at is not None:
        provider.left_words = said
        return affairs
    refusal = leave_refusal(affairs)
    if refusal is not None:
        raise refusal
    now = await office.clock.now(session)
    await _end_waiting(session, provider, now)
    await _close_ways(session, office, provider, who)
    await revoke_feed(session, office, provider, who)
    await remove_busy_calendar(session, office, provider, who)
    members = [
        await member_of(session, provider.practice_id, one.id) for one in await sign_ins_of(session, provider.id)
    ]
    for member in members:
        await deactivate(session, office, member)
        await note(session, office, who, AuditKind.STAFF_DEACTIVATED, member.id)
    provider.left_at, provider.left_words = now, said
    provider.sign_ins_ended = [member.id for member in members]
    await note(session, office, who, AuditKind.PROVIDER_LEFT, provider.id)
    return affairs


async def come_back(session: AsyncSession, office: Office, provider: Provider, who: Who) -> None:
    """Take the leaving back: page, sign-up and booking are as the settings say, and the sign-ins that it ended work.

    What was closed stays closed: ways, places on the waitlist, and secret addresses are begun anew. Again is the same.
    """
    await lock_calendar(session, provider.id)
    await session.refresh(provider)
    if provider.left_at is None:
        return
    for staff_id in provider.sign_ins_ended:
        member = await member_of(session, provider.practice_id, staff_id)
        if member.deactivated_at is not None:
            await reactivate(session, office, member)
            await note(session, office, who, AuditKind.STAFF_REACTIVATED, member.id)
    provider.left_at, provider.left_words, provider.sign_ins_ended = None, None, []
    await note(session, office, who, AuditKind.PROVIDER_CAME_BACK, provider.id)


async def _end_waiting(session: AsyncSession, provider: Provider, now: datetime) -> None:
    """Whoever has a time offered is told that it isn't free; nobody waits for one any more."""
    closed = replace(await load_availability(session, provider.id), weekly=(), overrides=())
    await take_back_closed(session, provider.id, closed, now, actor=Actor.STAFF, ringing=True)
    for seen in sorted(await open_wishes(session, provider.id), key=lambda one: one.client_id):
        try:
            await client_by_id(session, seen.client_id, for_update=True)
        except NotFound:
            continue  # is being erased, and the wish with them
        wish = await wish_by_id(session, seen.id, lock=True)
        if wish.ended_at is None:
            await end_wish(session, wish, WishEnd.PROVIDER_LEFT, now, actor=Actor.STAFF)


async def _close_ways(session: AsyncSession, office: Office, provider: Provider, who: Who) -> None:
    for client in await lock_clients_under_way(session, provider.id):
        client.closed_reason = closing_reason(provider.name)
        await end_way(session, client)
        await note(session, office, who, AuditKind.CLIENT_CLOSED, client.id)
