"""The web server process: pages, JSON API, webhooks, and the doors for operations."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from composition import delivery_of, engine_address, office_of, tracing_of, wait_for_schema
from db.engine import Database
from dispatch.connection import connect
from dispatch.relay import Relay
from logs import set_up_logging
from portal.api import api_router, demo_router
from portal.described import API
from portal.errors import install_page_handlers
from portal.pages import pages_router
from portal.rendering import mount_static
from portal.security import add_security_headers
from settings import Settings, load_settings
from telemetry.figures import Figures, Metrics, process_registry
from telemetry.requests import Observed, RequestMetrics
from telemetry.tracing import Tracing
from web.codec import codec_router
from web.described import describe
from web.described_operations import OPERATIONS
from web.operations import operations_router
from webhooks import webhook_routers
from webhooks.described import WEBHOOKS

# Requests come first: what is left is told by the worker's relay.
_TELLING_AT_A_TIME = 4


class Portico(FastAPI):
    """With the observing of requests around everything, the answers to our own defects included."""

    def build_middleware_stack(self) -> ASGIApp:
        return Observed(super().build_middleware_stack(), self, self.state.request_metrics)


def build_app(settings: Settings, tracing: Tracing | None = None) -> FastAPI:
    """The ASGI application; it starts while Temporal is away, and needs the database."""
    registry = process_registry()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await wait_for_schema(settings.database_url)
        database = Database(settings.database_url, pool_size=20)
        engine = await connect(
            engine_address(settings),
            settings.codec_keys,
            impatient=True,
            interceptors=[tracing.interceptor] if tracing else [],
        )
        office = office_of(settings, database)
        app.state.office = office
        app.state.engine = engine
        app.state.metrics = Metrics(registry, Figures(database, office.clock))
        app.state.codec_keys = settings.encryption_keys
        app.state.operator_tokens = None if settings.env == "demo" else settings.operator_tokens
        app.state.metrics_tokens = settings.metrics_tokens
        app.state.relay = Relay(
            database,
            office.clock,
            delivery_of(settings, engine),
            places=_TELLING_AT_A_TIME,
            newest_first=True,
        )
        # What is there now stays: the garbage collector needn't walk through it while requests wait.
        gc.collect()
        gc.freeze()
        gc.enable()
        yield
        await app.state.relay.settle()
        if tracing is not None:
            await asyncio.to_thread(tracing.close)
        await office.merchants.aclose()
        await office.billing.aclose()
        await database.close()

    app = Portico(
        title="Portico",
        summary='From "I\'m a New Client" to a paid, booked first appointment',
        version="0.1.0",
        lifespan=lifespan,
        telemetry=_spans(tracing),
    )
    app.state.request_metrics = RequestMetrics(registry)
    for router in webhook_routers:
        app.include_router(router)
    app.include_router(api_router)
    if settings.env != "production":
        app.include_router(demo_router)
    app.include_router(operations_router)
    app.include_router(codec_router)
    app.include_router(pages_router)
    describe(app, WEBHOOKS, API, OPERATIONS)
    mount_static(app)
    install_page_handlers(app)
    add_security_headers(app)
    return app


def _spans(tracing: Tracing | None) -> TelemetryConfig:
    """Request spans only, and only to our collector: FastAPI's logs and its own exporters tell exceptions' texts."""
    spans = TelemetryConfig(metrics=False, logs=False, operation_spans=False, auto_configure=False)
    spans["tracing"] = tracing is not None
    if tracing is not None:
        spans["tracer_provider"] = tracing.provider
    return spans


def main() -> None:
    settings = load_settings()
    set_up_logging(settings.env)
    tracing = tracing_of(settings, "portico-server")
    uvicorn.run(
        build_app(settings, tracing),
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        proxy_headers=True,
        server_header=False,
        # Longer than any proxy or client keeps an idle connection, so that they close it and not we.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
