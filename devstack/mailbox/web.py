"""The mailbox's pages and API."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, ConfigDict, Field

from devstack.mailbox.reading import attachments_of, body_of, header, invitation_of, message_of
from devstack.mailbox.smtp import Fault, Handler, Reply
from devstack.mailbox.store import Entry, Store

_TEMPLATES = Path(__file__).parent / "templates"
_SHOWN = 200
_HEADERS = ("From", "Reply-To", "Message-ID", "Auto-Submitted")
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# No scripts and nothing fetched from elsewhere, in the frame or opened by itself; links may leave it.
_BODY_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-level-navigation-by-user-activation"
)
_NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}


class FaultIn(BaseModel):
    """As `PUT /api/faults` takes it; `to` is an address, or "*" for anybody, `subject` a part of the subject."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    to: str = Field(default="*", min_length=1)
    reply: Reply
    times: int = Field(default=1, ge=0, le=10_000)
    subject: str = Field(default="", max_length=200)


def build(store: Store, handler: Handler) -> FastAPI:
    app = FastAPI(title="Portico mailbox", docs_url=None, redoc_url=None)
    app.include_router(_messages(store))
    app.include_router(_faults(handler))
    app.include_router(_pages(store))
    return app


def _found(store: Store, message_id: str) -> Entry:
    entry = store.entry(message_id)
    if entry is None:
        raise HTTPException(404, "There is no such message.")
    return entry


def _messages(store: Store) -> APIRouter:
    router = APIRouter(prefix="/api/messages")

    @router.get("")
    async def messages(to: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = _SHOWN) -> dict[str, Any]:
        return {"items": [asdict(entry) for entry in store.entries(to)[:limit]]}

    @router.get("/{message_id}.eml")
    def raw(message_id: str) -> Response:
        return Response(store.raw(_found(store, message_id)), media_type="message/rfc822", headers=_NO_SNIFFING)

    @router.get("/{message_id}/attachments/{number}")
    def attachment(message_id: str, number: int) -> Response:
        """`number` counts from 0."""
        files = attachments_of(message_of(store.raw(_found(store, message_id))))
        if not 0 <= number < len(files):
            raise HTTPException(404, "There is no such attachment.")
        file = files[number]
        # Always to be saved, never shown: HTML in it would be a page of this mailbox.
        headers = {"Content-Type": file.media_type, "Content-Disposition": file.disposition, **_NO_SNIFFING}
        return Response(file.content, headers=headers)

    return router


def _faults(handler: Handler) -> APIRouter:
    router = APIRouter(prefix="/api/faults")

    @router.get("")
    async def left() -> list[dict[str, Any]]:
        named = [asdict(fault) for fault in handler.faults if fault.times > 0]
        return [{key: value for key, value in one.items() if value != ""} for one in named]

    @router.put("")
    async def replace(wanted: list[FaultIn]) -> list[dict[str, Any]]:
        handler.replace(
            [Fault(to=one.to.lower(), reply=one.reply, times=one.times, subject=one.subject.lower()) for one in wanted]
        )
        return await left()

    return router


def _pages(store: Store) -> APIRouter:
    router = APIRouter()
    templates = Jinja2Templates(directory=_TEMPLATES)

    def shown(request: Request, name: str, context: dict[str, Any]) -> Response:
        headers = {"Content-Security-Policy": _PAGE_POLICY}
        return templates.TemplateResponse(request, name, context, headers=headers)

    @router.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @router.get("/", response_class=HTMLResponse)
    async def inbox(request: Request, to: str = "") -> Response:
        return shown(request, "list.html", {"entries": store.entries(to)[:_SHOWN], "to": to})

    @router.get("/messages/{message_id}", response_class=HTMLResponse)
    def page(request: Request, message_id: str) -> Response:
        entry = _found(store, message_id)
        message = message_of(store.raw(entry))
        context = {
            "entry": entry,
            "headers": {name: header(message, name) for name in _HEADERS},
            "text": body_of(message, "plain"),
            "invitation": invitation_of(message),
            "files": [file.filename for file in attachments_of(message)],
        }
        return shown(request, "message.html", context)

    @router.get("/messages/{message_id}/body", response_class=HTMLResponse)
    def body(message_id: str) -> HTMLResponse:
        html = body_of(message_of(store.raw(_found(store, message_id))), "html")
        content = html or "<p>This message has no HTML.</p>"
        # The first base counts: links leave the frame for a new page. The doctype goes first, or layout is guesswork.
        return HTMLResponse(
            f'<!doctype html><base target="_blank">{content}',
            headers={"Content-Security-Policy": _BODY_POLICY, **_NO_SNIFFING},
        )

    return router
