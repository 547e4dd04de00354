"""Finding clients of a practice: by where they stand, who waits, and text, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import ColumnElement

from commands.office import Office
from db.duplicates import alike, duplicates_among
from db.models import AttentionItem, Client, Invitation, Provider, TimelineEntry
from domain.errors import ValidationFailed
from domain.invitations import RevokedBecause
from domain.roles import Reach
from domain.stages import Actor, PortalStatus, Stage, Track
from portal.paging import cursor_of, read_cursor

_OVER = (str(Stage.BOOKED), str(Stage.CLOSED))


class ClientOrder(StrEnum):
    NEWEST = "newest"
    WAITING = "waiting"  # longest without a step of the client's or the practice's first


@dataclass(frozen=True, kw_only=True)
class ClientFilter:
    """`quiet_since`: on the way, and neither client nor practice has done anything since."""

    status: PortalStatus | None = None
    stage: Stage | None = None
    track: Track | None = None
    provider: str | None = None  # the slug
    attention: bool = False
    quiet_since: datetime | None = None
    text: str | None = None
    among: frozenset[str] | None = None  # these only

    @property
    def narrows(self) -> bool:
        return self != ClientFilter()


# Reminders are Portico's; they don't make a client less quiet.
_LAST_STEP = func.coalesce(
    select(func.max(TimelineEntry.at))
    .where(TimelineEntry.client_id == Client.id, TimelineEntry.actor != str(Actor.SYSTEM))
    .correlate(Client)
    .scalar_subquery(),
    Client.created_at,
)


async def quiet_since(session: AsyncSession, office: Office, days: int | None) -> datetime | None:
    return await office.clock.now(session) - timedelta(days=days) if days is not None else None


async def possible_duplicates(session: AsyncSession, reach: Reach, wanted: bool) -> frozenset[str] | None:
    """For the filter: those who may be somebody else's duplicate."""
    return frozenset(duplicates_among(await alike(session, reach))) if wanted else None


async def find_clients(
    session: AsyncSession,
    reach: Reach,
    wanted: ClientFilter,
    *,
    order: ClientOrder = ClientOrder.NEWEST,
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[Client], str | None]:
    """The clients in the order asked for, and the cursor of the next page."""
    at: ColumnElement[datetime] | InstrumentedAttribute[datetime]
    at = Client.created_at if order is ClientOrder.NEWEST else _LAST_STEP
    query = select(Client, at.label("at")).where(*_conditions(reach, wanted))
    place = tuple_(at, Client.id)
    if cursor is not None:
        query = query.where(place < read_cursor(cursor) if order is ClientOrder.NEWEST else place > read_cursor(cursor))
    if order is ClientOrder.NEWEST:
        query = query.order_by(at.desc(), Client.id.desc())
    else:
        query = query.order_by(at, Client.id)
    found = list((await session.execute(query.limit(limit + 1))).all())
    clients = [client for client, _ in found[:limit]]
    if len(found) <= limit:
        return clients, None
    last, moment = found[limit - 1]
    return clients, cursor_of(moment, last.id)


async def ids_of_clients(session: AsyncSession, reach: Reach, wanted: ClientFilter, limit: int) -> list[str]:
    """Of all that match, the newest first; one more than `limit` at the most, which says that there are too many."""
    query = select(Client.id).where(*_conditions(reach, wanted)).order_by(Client.created_at.desc(), Client.id.desc())
    return list(await session.scalars(query.limit(limit + 1)))


async def count_clients(session: AsyncSession, reach: Reach, wanted: ClientFilter) -> int:
    return (await session.scalar(select(func.count(Client.id)).where(*_conditions(reach, wanted)))) or 0


async def last_steps(session: AsyncSession, clients: Sequence[Client]) -> dict[str, datetime]:
    """When client or practice did something last, by client id."""
    ids = [client.id for client in clients]
    query = select(Client.id, _LAST_STEP.label("at")).where(Client.id.in_(ids))
    return {row.id: row.at for row in await session.execute(query)}


def _conditions(reach: Reach, wanted: ClientFilter) -> list[ColumnElement[bool]]:
    """Raises ValidationFailed."""
    there = Client.practice_id == reach.practice_id, Client.erased_at.is_(None)
    found: list[ColumnElement[bool]] = [*there, *_of_status(wanted.status)]
    if reach.provider_id is not None:
        found.append(Client.provider_id == reach.provider_id)
    if wanted.stage is not None:
        found.append(Client.stage == str(wanted.stage))
    if wanted.track is not None:
        found.append(Client.track == str(wanted.track))
    if wanted.provider is not None:
        slug = _clean("provider", wanted.provider)
        found.append(exists().where(Provider.id == Client.provider_id, Provider.slug == slug))
    if wanted.attention:
        found.append(exists().where(AttentionItem.client_id == Client.id, AttentionItem.settled_at.is_(None)))
    if wanted.quiet_since is not None:
        found += [Client.stage.not_in(_OVER), wanted.quiet_since > _LAST_STEP]
    if wanted.among is not None:
        found.append(Client.id.in_(wanted.among))
    if wanted.text is not None and wanted.text.strip():
        words = _clean("q", wanted.text.strip())
        name = func.concat(Client.first_name, " ", Client.last_name)
        found.append(
            or_(
                name.icontains(words, autoescape=True),
                Client.email.icontains(words, autoescape=True),
                Client.external_id == words,
            )
        )
    return found


def _of_status(status: PortalStatus | None) -> list[ColumnElement[bool]]:
    newest = select(Invitation.revoked_because).where(Invitation.client_id == Client.id)
    newest = newest.order_by(Invitation.issued_at.desc()).limit(1)
    taken_back = func.coalesce(newest.correlate(Client).scalar_subquery(), "") == str(RevokedBecause.PRACTICE)
    sent = exists().where(Invitation.client_id == Client.id, Invitation.sent_at.is_not(None))
    invited = and_(sent, ~taken_back)
    match status:
        case PortalStatus.ACTIVE:
            return [Client.account_id.is_not(None)]
        case PortalStatus.PENDING:
            return [Client.account_id.is_(None), invited]
        case PortalStatus.NO:
            return [Client.account_id.is_(None), ~invited]
        case None:
            return []


def _clean(field: str, text: str) -> str:
    if "\0" in text:
        raise ValidationFailed.of(field, "holds characters that can't be looked for")
    return text
