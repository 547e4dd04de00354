"""The worker's `/metrics`, our figures and the Temporal SDK's own metrics on one address; and `/healthz` beside it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from telemetry.figures import Metrics

_TRIES = 5


class MeasuredRuntime:
    """A Temporal runtime whose metrics can be read.

    The SDK only knows how to serve them itself: it does so on a free loopback port, from where we pass them on.
    """

    def __init__(self) -> None:
        for attempt in range(1, _TRIES + 1):
            address = f"127.0.0.1:{_free_port()}"
            try:
                metrics = PrometheusConfig(bind_address=address)
                self.runtime = Runtime(telemetry=TelemetryConfig(metrics=metrics))
            except ValueError:  # Somebody was quicker on that port.
                if attempt == _TRIES:
                    raise
            else:
                self._url = f"http://{address}/metrics"
                return

    async def exposition(self, http: httpx.AsyncClient) -> bytes:
        """Empty when the SDK doesn't answer: what we count ourselves is worth showing all the same."""
        try:
            answer = await http.get(self._url)
        except httpx.HTTPError:
            return b""
        return answer.content if answer.is_success else b""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Inside(uvicorn.Server):
    """A server inside another program, which sees to the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def metrics_served(host: str, port: int, metrics: Metrics, sdk: MeasuredRuntime) -> AsyncIterator[None]:
    """Raises OSError at once when the address is taken."""
    async with httpx.AsyncClient(timeout=2, trust_env=False) as http:

        async def scraped(request: Request) -> Response:
            ours, theirs = await asyncio.gather(metrics.exposition(), sdk.exposition(http))
            return Response(ours + theirs, media_type=CONTENT_TYPE_LATEST)

        async def alive(request: Request) -> Response:
            return PlainTextResponse("ok\n")

        app = Starlette(routes=[Route("/metrics", scraped), Route("/healthz", alive)])
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False)
        server = _Inside(config)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.create_server((host, port), family=family) as listening:
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                yield
            finally:
                server.should_exit = True
                await serving
