"""The practice's portal subscription by API: how it stands."""

from __future__ import annotations

from fastapi import APIRouter

from commands.subscriptions import subscription_record
from portal.shapes import Json, instant
from web.identity import ApiPractice
from web.transactions import Transaction

subscription_router = APIRouter(tags=["subscription"])


@subscription_router.get("/subscription", summary="How the practice's portal subscription stands")
async def read_subscription(session: Transaction, staff: ApiPractice) -> Json:
    """`ends_at` is when the portal closes (or has closed), None while nothing is ahead."""
    record = await subscription_record(session, staff.practice_id)
    standing = record.standing
    return {
        "status": str(standing.status),
        "open": standing.open,
        "since": instant(record.since) if record.since else None,
        "renews": record.renews if record.living else None,
        "period_end": instant(record.period_end) if record.period_end else None,
        "ending": str(standing.ending) if standing.ending else None,
        "ends_at": instant(standing.closes_at) if standing.closes_at else None,
    }
