"""Clients written straight into the database, for lines that measure what comes after; and facts read from there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from db.ids import new_id
from domain.ports import Vault
from gateways.secrets import AesVault
from tests.driver import Provider, World
from tests.seeding import settings_of

_LOOK_EVERY_SECONDS = 0.02
_ANSWERS = b'{"resourceType": "QuestionnaireResponse", "status": "completed", "item": []}'


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """A client on the anonymous track whose row has been written, and the account they are going to open."""

    client_id: str
    practice_id: str
    provider_id: str
    account_id: str
    form_id: str


class Records:
    """One connection of the driver's own, committing at once."""

    def __init__(self, connection: psycopg.AsyncConnection[dict[str, Any]], vault: Vault) -> None:
        self._connection = connection
        self._vault = vault
        self._waiting: dict[tuple[str, str], asyncio.Future[None]] = {}

    async def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        return await (await self._connection.execute(query, parameters)).fetchall()

    async def newcomers(self, provider: Provider, number: int) -> list[Newcomer]:
        """What the sign-up form writes, and accounts nobody has opened yet (a password hash would cost 50 ms)."""
        [found] = await self.rows(
            "SELECT p.id, p.practice_id, f.id AS form_id FROM provider p"
            " JOIN intake_form f ON f.provider_id = p.id WHERE p.slug = %s",
            provider.slug,
        )
        made = [
            Newcomer(
                client_id=new_id("cli"),
                practice_id=found["practice_id"],
                provider_id=found["id"],
                account_id=new_id("acc"),
                form_id=found["form_id"],
            )
            for _ in range(number)
        ]
        now = datetime.now(UTC)
        async with self._connection.cursor() as cursor:
            await cursor.executemany(
                "INSERT INTO portal_account (id, email, password_hash, created_at) VALUES (%s, %s, '-', %s)",
                [(one.account_id, f"{one.client_id}@example.com", now) for one in made],
            )
            await cursor.executemany(
                "INSERT INTO client (id, practice_id, provider_id, track, stage, first_name, last_name, email,"
                " created_at) VALUES (%s, %s, %s, 'anonymous', 'recorded', 'Bea', 'Bench', %s, %s)",
                [
                    (one.client_id, one.practice_id, one.provider_id, f"{one.client_id}@example.com", now)
                    for one in made
                ],
            )
        return made

    async def open_account(self, one: Newcomer) -> None:
        await self._connection.execute(
            "UPDATE client SET account_id = %s WHERE id = %s", (one.account_id, one.client_id)
        )

    async def submit_intake(self, one: Newcomer) -> str:
        """What the form's page writes: answers sealed under the client's own key."""
        submission = new_id("int")
        now = datetime.now(UTC)
        key = self._vault.new_data_key()
        await self._connection.execute(
            "WITH own_key AS (INSERT INTO data_key (client_id, wrapped_key) VALUES (%s, %s))"
            " INSERT INTO intake_submission (id, client_id, form_id, status, sealed_response, updated_at, submitted_at)"
            " VALUES (%s, %s, %s, 'submitted', %s, %s, %s)",
            (
                *(one.client_id, key),
                *(submission, one.client_id, one.form_id, self._vault.seal(key, _ANSWERS, submission), now, now),
            ),
        )
        return submission

    async def reached(self, client_id: str, stage: str) -> None:
        """Wait until the client is at this stage; all who wait are looked up together, every 20 ms."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[client_id, stage] = future
        await future

    async def look(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            if self._waiting:
                ids = [client_id for client_id, _ in self._waiting]
                for row in await self.rows("SELECT id, stage FROM client WHERE id = ANY(%s)", ids):
                    future = self._waiting.pop((row["id"], row["stage"]), None)
                    if future is not None:
                        future.set_result(None)


@contextlib.asynccontextmanager
async def records_of(world: World) -> AsyncIterator[Records]:
    connection: psycopg.AsyncConnection[dict[str, Any]] = await psycopg.AsyncConnection.connect(
        world.endpoints["database_url"], autocommit=True, row_factory=dict_row
    )
    async with connection:
        records = Records(connection, AesVault(settings_of(world.stack).encryption_keys))
        looking = asyncio.create_task(records.look())
        try:
            yield records
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
