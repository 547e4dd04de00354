"""What every answer tells the browser: load nothing from elsewhere, keep nothing private, and be framed by nobody.

One form may be framed: the embedded sign-up, by the provider's own websites (portal.framing).
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.framing import Framed

_CONTENT = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors {ancestors}"
_PRIVATE = ("/portal", "/console", "/invitations", "/password", "/unsubscribe", "/email", "/api", "/p/", "/embed/")
# Choosing a time, connecting a merchant account, subscribing.
_TO_PROCESSOR = ("/portal/book", "/console/merchant-account/", "/console/subscription")
# FastAPI's own page about the API brings its scripts from elsewhere; it shows nothing private.
_REFERENCE = ("/docs", "/redoc")


def add_security_headers(app: FastAPI) -> None:
    app.add_middleware(SecurityHeaders)


class SecurityHeaders:
    """Plain ASGI, so that bodies pass through untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, with_headers)


def _add(headers: MutableHeaders, scope: Scope) -> None:
    path: str = scope["path"]
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms, and those are refused.
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if path not in _REFERENCE:
        headers.setdefault("Content-Security-Policy", _content_policy(path, scope.get("state", {}).get("framed")))
    if scope.get("scheme") == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if path.startswith("/static/") and b"v=" in scope.get("query_string", b""):
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif path.startswith(_PRIVATE):
        headers.setdefault("Cache-Control", "no-store")


def _content_policy(path: str, framed: Framed | None) -> str:
    """Some forms lead on to the payment processor, and browsers count that as the form's target."""
    content = _CONTENT.format(ancestors=framed.ancestors if framed else "'none'")
    return content if path.startswith(_TO_PROCESSOR) else f"{content}; form-action 'self'"
