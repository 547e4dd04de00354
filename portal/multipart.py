"""Forms with files: never more of them in memory than is allowed, and the page can be shown again whatever came."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from domain.errors import ValidationFailed

# What is too much is read to its end, and forgotten: a browser that is cut off shows its own error, not our page.
_READ_TO_THE_END = 64 * 1024 * 1024
_MOST_FIELDS = 200
_MOST_FILES = 20


@dataclass(frozen=True, kw_only=True)
class SentFile:
    field: str
    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Sent:
    """`cut` is the name of the file at which there was too much to read on; what came before it is here."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: list[SentFile] = field(default_factory=list)
    cut: str | None = None


async def read_multipart(request: Request, limit: int) -> Sent:
    """At most `limit` bytes of the form. Raises ValidationFailed for what is none.

    A parameter `UploadFile` would be read to its end, whatever its size, before any dependency has looked at who asks.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise ValidationFailed.of("file", "must be sent as multipart/form-data")
    body, complete = await _at_most(request, limit)
    if not complete:
        body += _end(request)
    parser = MultiPartParser(request.headers, _whole(body), max_files=_MOST_FILES, max_fields=_MOST_FIELDS)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):  # a missing boundary is a KeyError
        raise ValidationFailed.of("body", "must be a form with files") from None
    fields: dict[str, list[str]] = {}
    files = []
    try:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields.setdefault(name, []).append(value.replace("\0", ""))
            elif value.filename:  # an input that nobody has chosen a file for sends an empty name
                files.append(SentFile(field=name, name=value.filename, content=await value.read()))
    finally:
        await form.close()
    if complete:
        return Sent(fields=fields, files=files)
    return Sent(fields=fields, files=files[:-1], cut=files[-1].name if files else "")


def _end(request: Request) -> bytes:
    """What closes the part at which there was too much."""
    boundary = parse_options_header(request.headers["content-type"])[1].get(b"boundary", b"")
    return b"\r\n--" + boundary + b"--\r\n"


async def _at_most(request: Request, limit: int) -> tuple[bytes, bool]:
    kept, seen = bytearray(), 0
    async for chunk in request.stream():
        seen += len(chunk)
        kept += chunk[: max(0, limit - len(kept))]
        if seen > _READ_TO_THE_END:
            break
    return bytes(kept), seen <= limit


async def _whole(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
