"""The audit log: written in the transaction of what it tells about, read by owners, changed by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.ids import new_id
from db.models import AuditEntry
from domain.audit import AuditKind
from domain.roles import Role


@dataclass(frozen=True, kw_only=True)
class Who:
    """Who asked, and from where; without an id it is an API key, or somebody who couldn't sign in."""

    practice_id: str
    name: str
    staff_id: str | None = None
    role: Role | None = None
    address: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    staff_id: str | None = None
    kind: AuditKind | None = None
    start: datetime | None = None
    end: datetime | None = None  # exclusive


async def note(session: AsyncSession, office: Office, who: Who, kind: AuditKind, object_id: str | None = None) -> None:
    """Write it down with the change itself: neither is there without the other."""
    session.add(
        AuditEntry(
            id=new_id("aud"),
            practice_id=who.practice_id,
            at=await office.clock.now(session),
            kind=str(kind),
            staff_id=who.staff_id,
            name=who.name,
            role=str(who.role) if who.role else None,
            object_id=object_id,
            address=who.address,
            request_id=who.request_id,
        )
    )


async def read_log(
    session: AsyncSession, practice_id: str, wanted: AuditFilter, *, before: int | None = None, limit: int = 50
) -> tuple[Sequence[AuditEntry], int | None]:
    """Newest first, and where the next page begins."""
    query = select(AuditEntry).where(AuditEntry.practice_id == practice_id)
    if wanted.staff_id is not None:
        query = query.where(AuditEntry.staff_id == wanted.staff_id)
    if wanted.kind is not None:
        query = query.where(AuditEntry.kind == str(wanted.kind))
    if wanted.start is not None:
        query = query.where(AuditEntry.at >= wanted.start)
    if wanted.end is not None:
        query = query.where(AuditEntry.at < wanted.end)
    if before is not None:
        query = query.where(AuditEntry.seq < before)
    found = list(await session.scalars(query.order_by(AuditEntry.seq.desc()).limit(limit + 1)))
    return found[:limit], found[limit - 1].seq if len(found) > limit else None
