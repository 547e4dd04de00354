"""Periods of a subscription, on the calendar: a month from January 31 is February 28. In UTC, as at Stripe."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def later(start: int, anchor: int, interval: str, count: int) -> int:
    """The end of the period that begins at `start`; days of the month follow the anchor's."""
    begins = datetime.fromtimestamp(start, UTC)
    if interval in _DAYS:
        return int((begins + timedelta(days=_DAYS[interval] * count)).timestamp())
    months = begins.year * 12 + begins.month - 1 + _MONTHS[interval] * count
    year, month = months // 12, months % 12 + 1
    day = min(datetime.fromtimestamp(anchor, UTC).day, calendar.monthrange(year, month)[1])
    return int(begins.replace(year=year, month=month, day=day).timestamp())
