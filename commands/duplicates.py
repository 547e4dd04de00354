"""Two clients who look alike: one and the same person, or two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from commands.audit import Who, note
from commands.office import Office
from commands.withdrawing import end_way
from db.duplicates import forget_two, person_of, remember_two, way_of
from db.events import EventKind, client_subject, record_event
from db.invitations import end_open
from db.models import Client
from db.tenancy import client_of_practice
from db.timeline import tell
from domain.audit import AuditKind
from domain.duplicates import Resemblance, closing_refusal, kept_of, resemblance
from domain.errors import Conflict, ValidationFailed
from domain.invitations import RevokedBecause
from domain.roles import Reach
from domain.stages import Actor, Stage
from domain.states import TimelineKind


@dataclass(frozen=True, kw_only=True)
class Pair:
    """`kept` is who is proposed to be kept; `why` is None where nothing speaks for the two being one."""

    kept: Client
    closed: Client
    why: Resemblance | None


async def both_of(
    session: AsyncSession, reach: Reach, one_id: str, other_id: str, *, for_update: bool = False
) -> tuple[Client, Client]:
    """Two clients of one provider, locked in one order. Raises NotFound, and ValidationFailed where they aren't."""
    ids = sorted((one_id, other_id))
    found = {one: await client_of_practice(session, reach, one, for_update=for_update) for one in ids}
    one, other = found[one_id], found[other_id]
    if one is other or one.provider_id != other.provider_id:
        raise ValidationFailed.of("client_id", "must name another client of the same provider")
    return one, other


async def look_at_pair(session: AsyncSession, office: Office, one: Client, other: Client) -> Pair:
    now = await office.clock.now(session)
    first, second = await way_of(session, one, now), await way_of(session, other, now)
    kept, closed = (one, other) if kept_of(first, second) is first else (other, one)
    return Pair(kept=kept, closed=closed, why=resemblance(person_of(one), person_of(other)))


async def same_person(session: AsyncSession, office: Office, kept: Client, closed: Client, who: Who) -> None:
    """Close the way of the one (both are locked): nobody waits for them, and nothing of theirs is lost.

    What they were sent or have said stays on their page, which leads to the one who is kept. An account goes along
    where that one has none. Repeating it changes nothing. Raises Conflict.
    """
    if closed.duplicate_of_id == kept.id:
        return
    if closed.duplicate_of_id is not None or kept.duplicate_of_id is not None:
        raise Conflict("One of the two has been closed as somebody's duplicate already.")
    if resemblance(person_of(kept), person_of(closed)) is None:
        raise Conflict("Nothing speaks for these two being the same person: neither address nor date of birth agree.")
    now = await office.clock.now(session)
    refusal = closing_refusal(await way_of(session, closed, now))
    if refusal is not None:
        raise refusal
    if closed.account_id is not None and kept.account_id is None:
        await _hand_over_account(session, kept, closed.account_id, now)
    await forget_two(session, (kept.id, closed.id))
    closed.duplicate_of_id = kept.id
    # Whoever was closed for this one leads to the one who is kept now.
    await session.execute(update(Client).where(Client.duplicate_of_id == closed.id).values(duplicate_of_id=kept.id))
    await end_open(session, closed.id, RevokedBecause.PRACTICE, now)
    if closed.stage not in (Stage.BOOKED, Stage.CLOSED):
        await end_way(session, closed)
    for one, kind, other in (
        (closed, TimelineKind.CLOSED_AS_DUPLICATE, kept),
        (kept, TimelineKind.DUPLICATE_CLOSED, closed),
    ):
        await tell(session, one.id, kind, at=now, actor=Actor.STAFF, ref=other.id)
        await note(session, office, who, AuditKind.SAME_PERSON, one.id)


async def _hand_over_account(session: AsyncSession, kept: Client, account_id: str, now: datetime) -> None:
    """The kept one's own invitation isn't needed any more: whoever was to open an account has one."""
    kept.account_id = account_id
    await end_open(session, kept.id, RevokedBecause.REPLACED, now)
    await record_event(
        session,
        source="staff",
        tenant=kept.provider_id,
        external_id=f"account:{kept.id}",
        kind=EventKind.ACCOUNT_OPENED,
        subject=client_subject(kept.id),
        payload={"account_id": account_id},
    )


async def two_persons(session: AsyncSession, office: Office, one: Client, other: Client, who: Who) -> None:
    """They aren't the same person: remembered, and nobody is asked again.

    One that had been closed as the other's duplicate stands by itself again; a new invitation opens their way.
    """
    now = await office.clock.now(session)
    parted = False
    for this, that in ((one, other), (other, one)):
        if this.duplicate_of_id == that.id:
            this.duplicate_of_id, parted = None, True
    if not await remember_two(session, (one.id, other.id), who.name, now) and not parted:
        return
    for this, that in ((one, other), (other, one)):
        ref = f"{that.id}:{now.timestamp():.0f}"
        await tell(session, this.id, TimelineKind.TWO_PERSONS, at=now, actor=Actor.STAFF, ref=ref)
        await note(session, office, who, AuditKind.TWO_PERSONS, this.id)


async def look_again(session: AsyncSession, office: Office, one: Client, other: Client, who: Who) -> None:
    """Take back that they are two: where they look alike, it is said again."""
    if await forget_two(session, (one.id, other.id)):
        for this in (one, other):
            await note(session, office, who, AuditKind.TWO_PERSONS_FORGOTTEN, this.id)
