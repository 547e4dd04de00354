"""One uploaded file of the API."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from commands.greetings import too_large
from domain.attachments import LARGEST_FILE
from domain.errors import ValidationFailed
from portal.multipart import SentFile, read_multipart

FILE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}
ATTACHMENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "PDF, Office or picture, at most 5 MB"},
        "no_phi": {
            "type": "boolean",
            "default": True,
            "description": "Whoever uploads confirms that the file holds no health data of anybody; false is refused",
        },
    },
}
# Boundaries and part headers around the file.
_WRAPPING = 64 * 1024


async def uploaded_file(request: Request, limit: int = LARGEST_FILE) -> tuple[SentFile, bool]:
    """The form's `file`, and whether it is confirmed to hold no PHI. Raises ValidationFailed, PayloadTooLarge."""
    sent = await read_multipart(request, limit + _WRAPPING)
    if sent.cut is not None:
        raise too_large(sent.cut, most=limit)
    if not sent.files or [one.field for one in sent.files] != ["file"]:
        raise ValidationFailed.of("file", "is needed, one at a time")
    (file,) = sent.files
    if len(file.content) > limit:
        raise too_large(file.name, len(file.content), most=limit)
    return file, sent.fields.get("no_phi", ["true"])[-1].lower() not in ("false", "0", "off", "no", "")
