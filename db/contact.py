"""Contact data that is sealed: the address as it is known now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Client, DataKey
from db.sealing import seal
from db.signups import Given, opened_answers
from domain.ports import Vault

Address = Mapping[str, str]


async def address_of(session: AsyncSession, vault: Vault, client: Client) -> Address:
    """The address by its parts; empty where none is known."""
    return (await addresses_of(session, vault, [client], await opened_answers(session, vault, [client.id])))[client.id]


async def addresses_of(
    session: AsyncSession, vault: Vault, clients: Sequence[Client], given: Mapping[str, Given]
) -> dict[str, Address]:
    """By client: what was changed since the sign-up, or what was said then."""
    found: dict[str, Address] = {
        one.id: given[one.id][1]["details"].get("address", {}) if one.id in given else {} for one in clients
    }
    changed = [one for one in clients if one.sealed_address is not None]
    query = select(DataKey.client_id, DataKey.wrapped_key).where(DataKey.client_id.in_([one.id for one in changed]))
    keys = {row.client_id: row.wrapped_key for row in await session.execute(query)} if changed else {}
    for one in changed:
        if one.sealed_address is not None and one.id in keys:
            found[one.id] = json.loads(vault.open(keys[one.id], one.sealed_address, address_context(one.id)))
    return found


async def change_address(session: AsyncSession, vault: Vault, client: Client, address: Address) -> None:
    """Of the locked client; the sign-up keeps what was said then."""
    client.sealed_address = await seal(session, vault, client.id, address, address_context(client.id))


def address_context(client_id: str) -> str:
    return f"address:{client_id}"
