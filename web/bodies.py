"""Request bodies: limited in size, strict JSON objects."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request

from domain.errors import PayloadTooLarge, ValidationFailed

JSON_LIMIT = 256 * 1024
_DEEPEST = 40


async def raw_body(request: Request, limit: int = JSON_LIMIT) -> bytes:
    """The exact bytes, never more than `limit` of them in memory. Raises PayloadTooLarge."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > limit:
            raise PayloadTooLarge(f"At most {limit // 1024} KB can be sent here.", limit_bytes=limit)
    return bytes(chunks)


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises ValidationFailed on the field `body`."""
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValidationFailed.of("body", "must be valid JSON") from None
    if not isinstance(value, dict):
        raise ValidationFailed.of("body", "must be a JSON object")
    if _too_deep(value, _DEEPEST) or _unstorable(value):
        raise ValidationFailed.of("body", "is nested too deeply or holds characters that can't be stored")
    return value


async def json_object(request: Request, limit: int = JSON_LIMIT) -> dict[str, Any]:
    return parse_object(await raw_body(request, limit))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} isn't JSON")


def _too_deep(value: object, left: int) -> bool:
    if left == 0:
        return True
    if isinstance(value, dict):
        return any(_too_deep(one, left - 1) for one in value.values())
    if isinstance(value, list):
        return any(_too_deep(one, left - 1) for one in value)
    return False


def _unstorable(value: object) -> bool:
    """NUL characters and halves of surrogate pairs: JSON can name them, UTF-8 and PostgreSQL can't hold them."""
    if isinstance(value, str):
        return any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return any(_unstorable(name) or _unstorable(one) for name, one in value.items())
    return isinstance(value, list) and any(_unstorable(one) for one in value)
