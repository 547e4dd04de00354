"""Clients of one provider who may be the same person, and what the practice has decided about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, delete, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Appointment, Client, TwoPersons
from db.portal_accounts import account_by_email
from domain.duplicates import Person, Resemblance, Way, resemblance, surely_known
from domain.roles import Reach
from domain.stages import Stage, Track
from domain.states import BLOCKING

_PERSON = "{0}.first_name AS {0}_first, {0}.last_name AS {0}_last, {0}.preferred_name AS {0}_preferred"
# Candidates only: what they are is decided in the domain.
_PAIRS = """
    SELECT a.id AS a_id, b.id AS b_id, a.email AS a_email, b.email AS b_email,
           a.date_of_birth AS a_birth, b.date_of_birth AS b_birth, {a}, {b}
      FROM client a JOIN client b ON b.provider_id = a.provider_id AND b.id <> a.id AND {same}
     WHERE a.practice_id = :practice_id AND (CAST(:provider_id AS text) IS NULL OR a.provider_id = :provider_id)
       AND (CAST(:ids AS text[]) IS NULL OR a.id = ANY(:ids))
       AND a.duplicate_of_id IS NULL AND b.duplicate_of_id IS NULL
       AND NOT EXISTS (SELECT FROM two_persons t WHERE (t.one_id, t.other_id) IN ((a.id, b.id), (b.id, a.id)))"""
_CANDIDATES = text(
    " UNION ".join(
        _PAIRS.format(a=_PERSON.format("a"), b=_PERSON.format("b"), same=same)
        for same in ("b.email = a.email AND a.email <> ''", "b.date_of_birth = a.date_of_birth")
    )
)


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Somebody who resembles a client, and how."""

    client_id: str
    why: Resemblance


async def alike(
    session: AsyncSession, reach: Reach, client_ids: Collection[str] | None = None
) -> dict[str, list[Alike]]:
    """By client, of those whom somebody may reach (or of the named ones): the others who resemble them.

    Left out is what has been decided already.
    """
    values = {
        "practice_id": reach.practice_id,
        "provider_id": reach.provider_id,
        "ids": list(client_ids) if client_ids is not None else None,
    }
    found: dict[str, list[Alike]] = {}
    for row in await session.execute(_CANDIDATES, values):
        why = resemblance(*_persons(row))
        if why is not None:
            found.setdefault(row.a_id, []).append(Alike(client_id=row.b_id, why=why))
    return found


def _persons(row: Row[tuple[object, ...]]) -> tuple[Person, Person]:
    one = Person(
        first_name=row.a_first,
        last_name=row.a_last,
        preferred_name=row.a_preferred,
        email=row.a_email,
        date_of_birth=row.a_birth,
    )
    other = Person(
        first_name=row.b_first,
        last_name=row.b_last,
        preferred_name=row.b_preferred,
        email=row.b_email,
        date_of_birth=row.b_birth,
    )
    return one, other


def duplicates_among(found: dict[str, list[Alike]]) -> set[str]:
    """Those who may be somebody else's duplicate."""
    return {client_id for client_id, others in found.items() if any(one.why.possible_duplicate for one in others)}


def person_of(client: Client) -> Person:
    return Person(
        first_name=client.first_name,
        last_name=client.last_name,
        preferred_name=client.preferred_name,
        email=client.email,
        date_of_birth=client.date_of_birth,
    )


async def has_account_at_address(session: AsyncSession, email: str) -> bool:
    """Whoever's it is: accounts know no practices."""
    return await account_by_email(session, email) is not None


async def _known_with_account(session: AsyncSession, client: Client) -> bool:
    """Whether this is surely somebody whom the provider knows already, with an account that is open."""
    query = select(Client).where(
        Client.provider_id == client.provider_id,
        Client.id != client.id,
        Client.email == client.email,
        Client.account_id.is_not(None),
    )
    mine = person_of(client)
    return any(surely_known(mine, person_of(one)) for one in await session.scalars(query))


async def told_of_account(session: AsyncSession, client: Client) -> bool:
    """Whoever signs up and is surely known is told of the account that they have, instead of being reminded."""
    return client.track == Track.ANONYMOUS and await _known_with_account(session, client)


async def clients_at(session: AsyncSession, provider_id: str, addresses: Collection[str]) -> dict[str, list[Client]]:
    """The provider's clients by e-mail address, the longest known first; closed duplicates are left out."""
    query = select(Client).where(
        Client.provider_id == provider_id, Client.email.in_(addresses), Client.duplicate_of_id.is_(None)
    )
    found: dict[str, list[Client]] = {}
    for client in await session.scalars(query.order_by(Client.created_at, Client.id)):
        found.setdefault(client.email, []).append(client)
    return found


async def way_of(session: AsyncSession, client: Client, now: datetime) -> Way:
    ahead = select(Appointment.id).where(
        Appointment.client_id == client.id,
        or_(
            Appointment.status.in_([str(status) for status in BLOCKING]) & (Appointment.ends_at > now),
            Appointment.choose_until > now,
        ),
    )
    return Way(
        client_id=client.id,
        created_at=client.created_at,
        stage=Stage(client.stage),
        has_account=client.account_id is not None,
        appointment_ahead=await session.scalar(ahead.limit(1)) is not None,
    )


# Decisions


async def decided_two(session: AsyncSession, client_id: str) -> list[TwoPersons]:
    """Those who aren't the same person as this client, newest first."""
    query = select(TwoPersons).where(or_(TwoPersons.one_id == client_id, TwoPersons.other_id == client_id))
    return list(await session.scalars(query.order_by(TwoPersons.decided_at.desc())))


async def remember_two(session: AsyncSession, ids: Iterable[str], decided_by: str, now: datetime) -> bool:
    """False where it was known already."""
    one, other = sorted(ids)
    if await session.get(TwoPersons, (one, other)) is not None:
        return False
    session.add(TwoPersons(one_id=one, other_id=other, decided_by=decided_by, decided_at=now))
    await session.flush()
    return True


async def forget_two(session: AsyncSession, ids: Iterable[str]) -> bool:
    one, other = sorted(ids)
    statement = delete(TwoPersons).where(TwoPersons.one_id == one, TwoPersons.other_id == other)
    return (await session.scalar(statement.returning(TwoPersons.one_id))) is not None
