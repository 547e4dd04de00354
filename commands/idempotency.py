"""Idempotency-Key: the second request under a key gets the first one's answer, and does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from db.events import body_hash
from db.locks import lock_name
from db.models import IdempotencyRecord
from domain.errors import Conflict, ValidationFailed

_LONGEST_KEY = 200


async def earlier_result(
    session: AsyncSession, scope: str, key: str | None, request: Mapping[str, object]
) -> dict[str, Any] | None:
    """What was answered under this key; None for a new key (which is then held until commit) or no key.

    Raises Conflict when the key came with another request.
    """
    if key is None:
        return None
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise ValidationFailed.of("Idempotency-Key", f"must have 1 to {_LONGEST_KEY} characters")
    # A double tap arrives at the same moment: the second waits here for the first.
    await lock_name(session, f"idempotency:{scope}:{key}")
    record = await session.get(IdempotencyRecord, (scope, key))
    if record is None:
        return None
    if record.request_hash != body_hash(request):
        raise Conflict("This Idempotency-Key was used for another request.", key=key)
    return record.result


async def keep_result(
    session: AsyncSession, scope: str, key: str | None, request: Mapping[str, object], result: Mapping[str, Any]
) -> None:
    if key is None:
        return
    session.add(
        IdempotencyRecord(
            scope=scope,
            key=key,
            request_hash=body_hash(request),
            result=dict(result),
            created_at=datetime.now(UTC),
        )
    )
