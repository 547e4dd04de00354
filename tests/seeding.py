"""Practices of the tests' own: seeded like the demo's, one for each test that asks."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from functools import cache

from commands.office import Office
from composition import office_of
from db.engine import Database
from devstack.seed import Credentials, SeededProvider, make_practice
from devstack.stack import Stack
from settings import Settings


@dataclass(frozen=True, kw_only=True)
class SeededPractice:
    practice_id: str
    slug: str
    api_key: str
    email: str
    password: str
    webhook_secret: str
    merchant_account: str
    front_desk: str


def settings_of(stack: Stack) -> Settings:
    """What the stack's server and worker were told."""
    values = {name.removeprefix("PORTICO_").lower(): value for name, value in stack.variables().items()}
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


def office_for(stack: Stack, database: Database) -> Office:
    return office_of(settings_of(stack), database)


_one_by_one = asyncio.Lock()


@cache
def _database(url: str) -> Database:
    """Closed after each use, and used again all the same: an engine keeps the statements that it has compiled."""
    return Database(url, pool_size=1)


async def seed_practice(stack: Stack, number: int) -> SeededPractice:
    tag = f"{number}{secrets.token_hex(3)}"
    seeded = SeededProvider(
        practice_id=f"prc_test{tag}",
        practice_name=f"Practice {tag}",
        phone="+1 555-010-0100",
        front_desk=f"desk-{tag}@practice.example",
        slug=f"provider-{tag}",
        name=f"Provider {tag}",
        title="Counselor",
        email=f"staff-{tag}@practice.example",
        merchant_account=f"acct_sim{tag}",
    )
    credentials = Credentials(b"tests")
    database = _database(stack.variables()["PORTICO_DATABASE_URL"])
    async with _one_by_one:  # closing it closes nothing that somebody else holds
        await make_practice(office_for(stack, database), seeded, credentials)
        await database.close()
    return SeededPractice(
        practice_id=seeded.practice_id,
        slug=seeded.slug,
        api_key=credentials.api_key(seeded),
        email=seeded.email,
        password=credentials.password(seeded),
        webhook_secret=credentials.webhook_secret(seeded),
        merchant_account=seeded.merchant_account,
        front_desk=seeded.front_desk,
    )
