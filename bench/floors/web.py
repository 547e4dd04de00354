"""The bare doors, served as ours are: `python -m bench.floors.web DATABASE_URL PORT`; one row per request."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import stripe
import uvicorn
from fastapi import FastAPI, Request
from sqlalchemy import Column, DateTime, MetaData, String, Table, func, insert
from sqlalchemy.dialects.postgresql import JSONB

from db.engine import Database
from db.ids import new_id

ROWS = Table(
    "floor_row",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
# What signs the events of the floor.
SECRET = "whsec_floor"
CREATE = "CREATE TABLE floor_row (id text PRIMARY KEY, body jsonb NOT NULL, received_at timestamptz DEFAULT now())"


def build_app(database_url: str) -> FastAPI:
    """With the driver, the pool and the checks before use that our own server has."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = Database(database_url, pool_size=20)
        yield
        await app.state.database.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/healthz")
    async def healthz() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/rows", status_code=202)
    async def take(request: Request, body: dict[str, Any]) -> dict[str, str]:
        row_id = new_id("row")
        async with request.app.state.database.transaction() as session:
            await session.execute(insert(ROWS).values(id=row_id, body=body))
        return {"id": row_id}

    @app.post("/signed-rows", status_code=202)
    async def take_signed(request: Request) -> dict[str, str]:
        raw = await request.body()
        stripe.WebhookSignature.verify_header(raw, request.headers["Stripe-Signature"], SECRET, tolerance=300)
        row_id = new_id("row")
        async with request.app.state.database.transaction() as session:
            await session.execute(insert(ROWS).values(id=row_id, body=json.loads(raw)))
        return {"id": row_id}

    return app


if __name__ == "__main__":
    uvicorn.run(
        build_app(sys.argv[1]), port=int(sys.argv[2]), log_config=None, server_header=False, timeout_keep_alive=75
    )
