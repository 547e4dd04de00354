"""Cursors: where the next page of a list begins, opaque to whoever passes them on."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated

from fastapi import Query

from domain.errors import ValidationFailed

Limit = Annotated[int, Query(ge=1, le=200)]


def cursor_of(at: datetime, record_id: str) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{record_id}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Raises ValidationFailed."""
    try:
        at, _, record_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not (record_id.isascii() and record_id.isprintable()):
            raise ValueError("not one of ours")
        return moment, record_id
    except (binascii.Error, ValueError):
        raise ValidationFailed.of("cursor", "isn't one that was given out") from None
