"""Finding clients of a practice: by portal status, stage and text, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Client, Invitation
from domain.errors import ValidationFailed
from domain.stages import PortalStatus, Stage
from portal.paging import cursor_of, read_cursor


@dataclass(frozen=True, kw_only=True)
class ClientFilter:
    status: PortalStatus | None = None
    stage: Stage | None = None
    text: str | None = None


async def find_clients(
    session: AsyncSession, practice_id: str, wanted: ClientFilter, *, cursor: str | None = None, limit: int = 50
) -> tuple[list[Client], str | None]:
    """Newest first, and the cursor of the next page."""
    query = _filtered(select(Client).where(Client.practice_id == practice_id), wanted)
    if cursor is not None:
        query = query.where(tuple_(Client.created_at, Client.id) < read_cursor(cursor))
    query = query.order_by(Client.created_at.desc(), Client.id.desc()).limit(limit + 1)
    found = list(await session.scalars(query))
    if len(found) <= limit:
        return found, None
    return found[:limit], cursor_of(found[limit - 1].created_at, found[limit - 1].id)


def _filtered(query: Select[Client], wanted: ClientFilter) -> Select[Client]:
    invited = exists().where(Invitation.client_id == Client.id, Invitation.sent_at.is_not(None))
    match wanted.status:
        case PortalStatus.ACTIVE:
            query = query.where(Client.account_id.is_not(None))
        case PortalStatus.PENDING:
            query = query.where(Client.account_id.is_(None), invited)
        case PortalStatus.NO:
            query = query.where(Client.account_id.is_(None), ~invited)
    if wanted.stage is not None:
        query = query.where(Client.stage == str(wanted.stage))
    if wanted.text is not None and wanted.text.strip():
        if "\0" in wanted.text:
            raise ValidationFailed.of("q", "holds characters that can't be looked for")
        words = wanted.text.strip()
        name = func.concat(Client.first_name, " ", Client.last_name)
        query = query.where(
            or_(
                name.icontains(words, autoescape=True),
                Client.email.icontains(words, autoescape=True),
                Client.external_id == words,
            )
        )
    return query
