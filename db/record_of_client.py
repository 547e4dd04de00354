"""One client's whole record by the list of what is held: read for an export, counted for a preview, and removed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.held import Fate, Held, Holding, Whose
from db.holdings import HELD
from db.models import Client, DataKey, ExternalEvent
from db.portal_accounts import clients_of
from domain.ports import Vault

Document = dict[str, Any]


async def whose(session: AsyncSession, client: Client) -> Whose:
    account = client.account_id
    behind = await clients_of(session, account) if account is not None else []
    namesake = select(Client.id).where(
        Client.practice_id == client.practice_id, Client.email == client.email, Client.id != client.id
    )
    return Whose(
        client_id=client.id,
        practice_id=client.practice_id,
        email=client.email,
        account_id=account,
        account_shared=len(behind) > 1,
        address_shared=await session.scalar(namesake.limit(1)) is not None,
    )


async def read_record(session: AsyncSession, vault: Vault, of: Whose) -> dict[Holding, list[Document]]:
    """Every row, in order, with what is sealed opened; without what is named as left out."""
    key = await session.scalar(select(DataKey.wrapped_key).where(DataKey.client_id == of.client_id))
    found: dict[Holding, list[Document]] = {}
    for held in HELD:
        if held.exported:
            rows = await session.scalars(select(held.table).where(held.theirs(of)).order_by(text(held.order)))
            found[held.holding] = [_document(vault, key, held, row) for row in rows]
    return found


def _document(vault: Vault, key: bytes | None, held: Held, row: Any) -> Document:
    document: Document = {}
    for column in held.table.__table__.columns:
        if column.name in held.left_out:
            continue
        value = getattr(row, column.name)
        if column.name in held.sealed:
            context = held.sealed[column.name](row)
            document[column.name.removeprefix("sealed_")] = _opened(vault, key, value, context)
        else:
            document[column.name] = _plain(value)
    return document


def _opened(vault: Vault, key: bytes | None, sealed: bytes | None, context: str) -> Any:
    return json.loads(vault.open(key, sealed, context)) if key is not None and sealed is not None else None


def _plain(value: Any) -> Any:
    """As JSON has it: instants in RFC 3339, UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


async def count_record(session: AsyncSession, of: Whose) -> dict[Fate, dict[Holding, int]]:
    """What an erasure would remove, strip and keep; holdings without a row are left out."""
    found: dict[Fate, dict[Holding, int]] = {fate: {} for fate in Fate}
    for held in HELD:
        count = await session.scalar(select(func.count()).select_from(held.table).where(held.theirs(of)))
        if count:
            found[_fate(held, of)][held.holding] = count
    return found


def _fate(held: Held, of: Whose) -> Fate:
    return Fate.KEPT if held.shared(of) else held.fate


async def remove_record(session: AsyncSession, of: Whose) -> None:
    """Remove and strip; a second time there is nothing left to do. Where it commits, all of it is gone at once."""
    for held in HELD:
        match _fate(held, of):
            case Fate.REMOVED:
                await _execute(session, delete(held.table).where(held.theirs(of)))
            case Fate.STRIPPED:
                await _execute(session, update(held.table).where(held.theirs(of)).values(**held.strip))


async def park_events(session: AsyncSession, subject: str, reason: str) -> None:
    """What hasn't been told yet won't be: there is nobody whom it concerns."""
    waiting = ExternalEvent.subject == subject, ExternalEvent.handled_at.is_(None)
    values: Mapping[str, object] = {"handled_at": datetime.now(UTC), "parked_reason": reason}
    await _execute(session, update(ExternalEvent).where(*waiting).values(**values))


async def _execute(session: AsyncSession, statement: Any) -> None:
    await session.execute(statement, execution_options={"synchronize_session": False})
