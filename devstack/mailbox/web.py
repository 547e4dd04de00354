"""The mailbox's page and API."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, Field

from devstack.mailbox.smtp import Fault, Handler
from devstack.mailbox.store import Entry, Store

_TEMPLATES = Path(__file__).parent / "templates"
_BODY_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class FaultIn(BaseModel):
    """As `PUT /api/faults` takes it."""

    to: str = "*"
    reply: Literal[451, 550, "hang"]
    times: int = Field(default=1, ge=0, le=10_000)


def build(store: Store, handler: Handler) -> FastAPI:
    app = FastAPI(title="Portico mailbox", docs_url=None, redoc_url=None)
    templates = Jinja2Templates(directory=_TEMPLATES)

    def found(message_id: str) -> Entry:
        entry = store.entry(message_id)
        if entry is None:
            raise HTTPException(404, "There is no such message.")
        return entry

    @app.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @app.get("/api/messages")
    async def messages(to: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> dict[str, Any]:
        return {"items": [asdict(entry) for entry in store.entries(to)[:limit]]}

    @app.get("/api/messages/{message_id}.eml")
    async def raw(message_id: str) -> Response:
        return Response(store.raw(found(message_id)), media_type="message/rfc822")

    @app.get("/api/faults")
    async def faults() -> list[dict[str, Any]]:
        return [asdict(fault) for fault in handler.faults if fault.times > 0]

    @app.put("/api/faults")
    async def set_faults(wanted: list[FaultIn]) -> list[dict[str, Any]]:
        handler.faults = [Fault(to=one.to.lower(), reply=one.reply, times=one.times) for one in wanted]
        return await faults()

    @app.get("/", response_class=HTMLResponse)
    async def page(request: Request, to: str = "") -> Response:
        return templates.TemplateResponse(request, "list.html", {"entries": store.entries(to or None)[:200], "to": to})

    @app.get("/messages/{message_id}", response_class=HTMLResponse)
    async def message_page(request: Request, message_id: str) -> Response:
        entry = found(message_id)
        message = store.message(entry)
        text = message.get_body(preferencelist=("plain",))
        files = [part.get_filename() or f"file {n}" for n, part in enumerate(message.iter_attachments())]
        context = {
            "entry": entry,
            "headers": {name: str(message[name] or "") for name in ("From", "Reply-To", "Message-ID", "Auto-Submitted")},
            "text": str(text.get_content()) if text else "",
            "files": files,
        }
        return templates.TemplateResponse(request, "message.html", context)

    @app.get("/messages/{message_id}/body", response_class=HTMLResponse)
    async def body(message_id: str) -> HTMLResponse:
        html = store.message(found(message_id)).get_body(preferencelist=("html",))
        content = str(html.get_content()) if html else "<p>This message has no HTML.</p>"
        # Links leave the frame: a new page opens them.
        return HTMLResponse(f'<base target="_blank">{content}', headers={"Content-Security-Policy": _BODY_POLICY})

    @app.get("/messages/{message_id}/attachments/{number}")
    async def attachment(message_id: str, number: int) -> Response:
        parts = list(store.message(found(message_id)).iter_attachments())
        if not 0 <= number < len(parts):
            raise HTTPException(404, "There is no such attachment.")
        content = parts[number].get_payload(decode=True)
        name = (parts[number].get_filename() or "file").encode("ascii", "replace").decode().replace('"', "'")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=parts[number].get_content_type(), headers=headers)

    return app
