"""Who a client resembles, as the client's page tells it: possible duplicates, family, and what has been decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.duplicates import alike, decided_two
from db.models import Client
from domain.duplicates import Resemblance
from domain.roles import Reach


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Somebody who looks alike and isn't the same person, and who said so when."""

    client: Client
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class DuplicateSheet:
    possible: Sequence[tuple[Client, Resemblance]]
    family: Sequence[Client]  # the address is shared, and nothing else
    decided: Sequence[Decided]
    duplicate_of: Client | None
    closed_for_this: Sequence[Client]


async def duplicate_sheet(session: AsyncSession, client: Client) -> DuplicateSheet:
    reach = Reach(practice_id=client.practice_id, provider_id=client.provider_id)
    found = (await alike(session, reach, [client.id])).get(client.id, [])
    decided = await decided_two(session, client.id)
    others = {one.client_id for one in found} | {one.one_id for one in decided} | {one.other_id for one in decided}
    query = select(Client).where(Client.id.in_(others | {client.duplicate_of_id or ""}))
    known = {one.id: one for one in await session.scalars(query)}
    closed = await session.scalars(
        select(Client).where(Client.duplicate_of_id == client.id).order_by(Client.created_at)
    )
    return DuplicateSheet(
        possible=[(known[one.client_id], one.why) for one in found if one.why.possible_duplicate],
        family=[known[one.client_id] for one in found if not one.why.possible_duplicate],
        decided=[
            Decided(
                client=known[one.other_id if one.one_id == client.id else one.one_id],
                by=one.decided_by,
                at=one.decided_at,
            )
            for one in decided
        ],
        duplicate_of=known.get(client.duplicate_of_id or ""),
        closed_for_this=list(closed),
    )
