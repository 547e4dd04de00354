"""Each HTTP request: an id, one log line, a count and a duration, by route template and never by address."""

from __future__ import annotations

import logging
import time
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telemetry.context import begin_request

logger = logging.getLogger("portico.requests")

REQUEST_ID = "X-Request-Id"
UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Pages take some ten milliseconds; an impatient call to an absent Temporal 1.5 s.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestMetrics:
    """The two instruments, in one process's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "portico_http_requests", "Answered requests.", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "portico_http_request_seconds", "Time to the whole answer.", ["route", "method"],
            registry=registry, buckets=_BUCKETS,
        )  # fmt: skip

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)


class Observed:
    """Plain ASGI, around everything else: an answer to a defect is seen too, and has its id."""

    def __init__(self, app: ASGIApp, routes: FastAPI, metrics: RequestMetrics) -> None:
        self.app = app
        self._routes = routes
        self._metrics = metrics
        self._templates: dict[int, str] | None = None
        self._plain: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = begin_request(Headers(scope=scope).get(REQUEST_ID))
        state: dict[str, Any] = scope.setdefault("state", {})
        root_path = scope.get("root_path", "")
        status = 500  # If nothing was answered at all.
        began = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = self._template(scope, root_path)
            self._metrics.note(route, method, status, seconds)
            _log(method, route, status, seconds, state.get("practice_id"))

    def _template(self, scope: Scope, root_path: str) -> str:
        """The route as it was declared, prefixes included; what matched none is one word, whatever was asked for."""
        if self._templates is None:
            self._learn()
            assert self._templates is not None
        known = self._templates.get(id(scope.get("route")))
        if known is not None:
            return known
        if scope.get("root_path", "") != root_path:  # Gone into a mount, of static files.
            return f"{str(scope['root_path']).removeprefix(root_path)}/{{path}}"
        return scope["path"] if scope["path"] in self._plain else UNMATCHED

    def _learn(self) -> None:
        """Which declared route is served where: a route knows its own path, not its routers' prefixes."""
        self._templates = {}
        for one in self._routes.routes:
            if hasattr(one, "effective_route_contexts"):
                for context in one.effective_route_contexts():
                    self._templates[id(context.original_route)] = context.path
            elif isinstance(one, Route):
                self._templates[id(one)] = one.path
                if "{" not in one.path:  # Such as /openapi.json, which leaves no trace of itself.
                    self._plain.add(one.path)


def _log(method: str, route: str, status: int, seconds: float, practice_id: str | None) -> None:
    milliseconds = round(seconds * 1000, 1)
    fields: dict[str, object] = {"method": method, "route": route, "status": status, "duration_ms": milliseconds}
    if practice_id is not None:
        fields["practice_id"] = practice_id
    logger.info("%s %s: %d in %.1f ms", method, route, status, milliseconds, extra={"fields": fields})
