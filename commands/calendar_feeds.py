"""A provider's calendar for other programs: a secret address that is made, renewed, revoked, and read."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from db.models import Appointment, CalendarFeed, Client, Provider
from db.settings_store import load_availability
from domain.audit import AuditKind
from domain.calendar_feed import FeedEvent, FeedNames, feed_summary
from domain.errors import NotFound, ValidationFailed
from domain.states import AppointmentStatus

# What a calendar is looked at for: last month, and as far ahead as anybody books.
_BACK, _AHEAD = timedelta(days=31), timedelta(days=400)
_READ_TO_THE = timedelta(minutes=1)
_TOKEN_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class FeedFile:
    """`etag` is the same as long as the content is."""

    content: bytes
    etag: str


async def feed_of(session: AsyncSession, provider_id: str) -> CalendarFeed | None:
    return await session.get(CalendarFeed, provider_id)


async def make_feed(session: AsyncSession, office: Office, provider: Provider, names: str, who: Who) -> str:
    """The address of the provider's calendar; an earlier one stops working. It is told this once, and isn't kept.

    Raises ValidationFailed.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    wanted = _names(names)
    await session.merge(
        CalendarFeed(
            provider_id=provider.id,
            token_hash=digest_of(token),
            names=str(wanted),
            created_at=await office.clock.now(session),
            read_at=None,
        )
    )
    await note(session, office, who, AuditKind.CALENDAR_FEED_MADE, provider.id)
    return f"{office.base_url}/calendar/{token}.ics"


async def change_feed(session: AsyncSession, office: Office, provider: Provider, names: str, who: Who) -> None:
    """What it says of clients; the address stays. Raises ValidationFailed and NotFound."""
    wanted = _names(names)
    feed = await session.get(CalendarFeed, provider.id, with_for_update=True)
    if feed is None:
        raise NotFound("There is no calendar to subscribe to.")
    feed.names = str(wanted)
    await note(session, office, who, AuditKind.SETTINGS_SAVED, provider.id)


async def revoke_feed(session: AsyncSession, office: Office, provider: Provider, who: Who) -> None:
    """From now on nobody can tell that there has been one."""
    feed = await session.get(CalendarFeed, provider.id, with_for_update=True)
    if feed is not None:
        await session.delete(feed)
        await note(session, office, who, AuditKind.CALENDAR_FEED_REVOKED, provider.id)


async def find_feed(session: AsyncSession, token: str) -> CalendarFeed:
    """Raises NotFound, in the same words whether it was revoked or never there."""
    feed = await session.scalar(select(CalendarFeed).where(CalendarFeed.token_hash == digest_of(token)))
    if feed is None:
        raise NotFound("There is nothing at this address.")
    return feed


async def read_feed(session: AsyncSession, office: Office, feed: CalendarFeed) -> FeedFile:
    """The file as it is now; that it was read is kept to the minute."""
    now = await office.clock.now(session)
    provider = await session.get_one(Provider, feed.provider_id)
    timezone = (await load_availability(session, provider.id)).timezone
    host = urlsplit(office.base_url).hostname or "portico"
    names = FeedNames(feed.names)
    found = await _appointments(session, provider.id, now)
    content = office.calendar_feeds.write_feed(
        provider.name, timezone, [_event(one, client, names, host) for one, client in found]
    )
    if feed.read_at is None or now - feed.read_at >= _READ_TO_THE:
        feed.read_at = now
    return FeedFile(content=content, etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _names(value: str) -> FeedNames:
    try:
        return FeedNames(value)
    except ValueError:
        raise ValidationFailed.of("names", f"must be one of {', '.join(FeedNames)}") from None


async def _appointments(session: AsyncSession, provider_id: str, now: datetime) -> list[tuple[Appointment, Client]]:
    """By start. A hold that was never booked and is over has never stood: it isn't told as cancelled."""
    cancelled = str(AppointmentStatus.CANCELLED)
    query = (
        select(Appointment, Client)
        .join(Client, Client.id == Appointment.client_id)
        .where(
            Appointment.provider_id == provider_id,
            Appointment.ends_at > now - _BACK,
            Appointment.starts_at < now + _AHEAD,
            or_(Appointment.status != cancelled, and_(Appointment.status == cancelled, Appointment.revision > 0)),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )
    return [(appointment, client) for appointment, client in (await session.execute(query)).all()]


def _event(appointment: Appointment, client: Client, names: FeedNames, host: str) -> FeedEvent:
    """Under the UID of the client's own mails: one appointment is one event, wherever it is shown."""
    erased = client.erased_at is not None
    status = AppointmentStatus(appointment.status)
    return FeedEvent(
        uid=f"{appointment.id}@{host}",
        sequence=appointment.revision,
        stamped_at=appointment.created_at,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        status=status,
        summary=feed_summary(FeedNames.NOTHING if erased else names, status, client.first_name, client.last_name),
    )
