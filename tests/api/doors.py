"""The doors without the house: routers on an application whose database is a handful of rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from db.models import Provider, ProviderWebhookSecret, SettingsVersion
from domain.policy import DEFAULTS
from web.problems import install_problem_handlers
from webhooks import webhook_routers

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ORIGIN = "https://www.practice.example"
PROVIDER = Provider(id="prv_1", practice_id="prc_1", slug="maya", name="Maya", created_at=NOW)


class Rows:
    """Answers each query with the rows of the table it asks for; remembers what was to be written."""

    def __init__(self, rows: Iterable[object]) -> None:
        self._rows = list(rows)
        self.info: dict[str, Any] = {}
        self.added: list[object] = []

    def _of(self, query: Any) -> list[object]:
        return [row for row in self._rows if isinstance(row, query.column_descriptions[0]["entity"])]

    async def scalar(self, query: Any) -> object | None:
        found = self._of(query)
        return found[0] if found else None

    async def scalars(self, query: Any) -> list[object]:
        return self._of(query)

    async def get(self, kind: type, key: object) -> None:
        return None

    async def execute(self, statement: Any, values: Any = None) -> Any:
        return SimpleNamespace(scalar_one=lambda: 1)

    async def flush(self) -> None:
        return None

    def add(self, row: object) -> None:
        self.added.append(row)


class FakeDatabase:
    """Counts how its transactions ended."""

    def __init__(self, *rows: object) -> None:
        self.rows = Rows(rows)
        self.committed = 0
        self.rolled_back = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Rows]:
        try:
            yield self.rows
        except BaseException:
            self.rolled_back += 1
            raise
        self.committed += 1

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[Rows]:
        yield self.rows


class OpenVault:
    """Seals nothing."""

    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes:
        return sealed


def secret_row(secret: str = SECRET) -> ProviderWebhookSecret:
    return ProviderWebhookSecret(
        id="pws_1", provider_id=PROVIDER.id, wrapped_key=b"", sealed_secret=secret.encode(), created_at=NOW
    )


def portal_settings(**changes: object) -> SettingsVersion:
    document = {**DEFAULTS.as_document(), "website_origins": [ORIGIN], **changes}
    return SettingsVersion(
        provider_id=PROVIDER.id, kind="portal-settings", version=1, document=document, saved_by="test", saved_at=NOW
    )


def doors(database: FakeDatabase, router: APIRouter | None = None) -> httpx.AsyncClient:
    """A client of an application with these routes only."""
    app = FastAPI()
    for one in webhook_routers if router is None else (router,):
        app.include_router(one)
    install_problem_handlers(app)
    app.state.office = SimpleNamespace(database=database, vault=OpenVault(), environment="test", base_url="http://test")
    app.state.relay = SimpleNamespace(nudge=lambda subjects: None, answering_a_machine=nullcontext)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")
