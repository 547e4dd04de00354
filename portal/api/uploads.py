"""One uploaded file, never more of it in memory than is allowed, and nothing of it before we know who is asking."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from domain.errors import PayloadTooLarge, ValidationFailed
from web.bodies import raw_body

FILE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}
# Boundaries and part headers around the file.
_WRAPPING = 64 * 1024


async def uploaded_file(request: Request, limit: int) -> tuple[str, bytes]:
    """Name and content of the form's `file` (multipart/form-data). Raises ValidationFailed, PayloadTooLarge.

    A parameter `UploadFile` would be read to its end, whatever its size, before any dependency has looked at the key.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise ValidationFailed.of("file", "must be sent as multipart/form-data")
    body = await raw_body(request, limit + _WRAPPING)
    try:
        form = await MultiPartParser(request.headers, _whole(body), max_files=1, max_fields=5).parse()
    except (MultiPartException, KeyError, ValueError):  # a missing boundary is a KeyError
        raise ValidationFailed.of("body", "must be a form with one file") from None
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise ValidationFailed.of("file", "is needed")
        content = await file.read()
    finally:
        await form.close()
    if len(content) > limit:
        raise PayloadTooLarge(f"A file may have at most {limit // 1024 // 1024} MB.", field="file")
    return file.filename or "", content


async def _whole(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
