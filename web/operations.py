"""The doors for operations: is the process alive, are its parts there, what does it count."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client
from temporalio.service import RPCError

from web.codec import allowed_scraper
from web.transactions import TheOffice

operations_router = APIRouter(tags=["operations"])


@operations_router.get("/healthz", summary="The process is alive")
async def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok\n")


@operations_router.get("/readyz", summary="Each part that is needed, by name")
async def readyz(request: Request, office: TheOffice) -> JSONResponse:
    """503 while one of them is away. Sign-ups and payment events are accepted without Temporal all the same."""
    engine: Client = request.app.state.engine
    parts = {"database": "ok", "temporal": "ok"}
    try:
        await asyncio.wait_for(office.database.ping(), 3)
    except (SQLAlchemyError, TimeoutError, OSError):
        parts["database"] = "unreachable"
    try:
        await engine.service_client.check_health(timeout=timedelta(seconds=2))
    except (RPCError, RuntimeError):
        parts["temporal"] = "unreachable"
    ready = all(state == "ok" for state in parts.values())
    return JSONResponse({"ready": ready, "parts": parts}, 200 if ready else 503)


@operations_router.get("/metrics", summary="Prometheus")
async def metrics(request: Request, allowed: Annotated[None, Depends(allowed_scraper)]) -> Response:
    """Counts of clients, effects and payments are nobody else's business: outside the demo it takes a token."""
    return Response(await request.app.state.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
