"""What is sealed under a client's own data key: intake answers, signatures, filed responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db.models import DataKey
from db.tenancy import still_here
from domain.errors import NotFound
from domain.ports import Vault


async def seal(session: AsyncSession, vault: Vault, client_id: str, content: Mapping[str, Any], context: str) -> bytes:
    """`context` (the row's id) is authenticated with it: what is sealed for one row can't be read in another.

    Raises NotFound for a client who was erased: their key isn't made anew.
    """
    if not await still_here(session, client_id):
        raise NotFound("There is no such client.")
    key = await session.get(DataKey, client_id)
    if key is None:
        key = DataKey(client_id=client_id, wrapped_key=vault.new_data_key())
        session.add(key)
        await session.flush()
    return vault.seal(key.wrapped_key, json.dumps(content, ensure_ascii=False).encode(), context)


async def unseal(session: AsyncSession, vault: Vault, client_id: str, sealed: bytes, context: str) -> dict[str, Any]:
    key = await session.get(DataKey, client_id)
    if key is None:
        raise ValueError("sealed under a key that has been destroyed")
    content: dict[str, Any] = json.loads(vault.open(key.wrapped_key, sealed, context))
    return content
