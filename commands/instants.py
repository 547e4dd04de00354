"""Moments that are asked for: with a time zone, and within what a calendar can mean."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.errors import ValidationFailed

_FARTHEST = timedelta(days=3 * 365)


def check_instant(field: str, instant: datetime, now: datetime) -> None:
    """A moment that a calendar can mean: with a time zone, and within three years. Raises ValidationFailed."""
    if instant.tzinfo is None:
        raise ValidationFailed.of(field, "must carry a time zone, such as 2026-12-01T14:00:00Z")
    if not now - _FARTHEST < instant < now + _FARTHEST:
        raise ValidationFailed.of(field, "must lie within three years of now")
