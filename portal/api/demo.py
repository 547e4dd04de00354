"""The demo's switches: gates opened and closed, and time moved on (the router isn't there in production)."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from fastapi import APIRouter, Request

from commands.time_travel import advance
from db.models import MerchantAccount, PortalSubscription
from db.tenancy import provider_by_slug
from domain.errors import ValidationFailed
from domain.states import MerchantStatus, SubscriptionStatus
from portal.api.attention import TheEngine
from portal.shapes import Json, instant
from web.bodies import json_object
from web.fields import only, opaque_id
from web.transactions import TheOffice, Transaction

demo_router = APIRouter(prefix="/api/v1/demo", tags=["demo and test only"])

Status = TypeVar("Status", bound=StrEnum)


@demo_router.put("/providers/{provider}/subscription", summary="Set the practice's portal subscription")
async def set_subscription(request: Request, provider: str, session: Transaction, office: TheOffice) -> Json:
    status = _status(await json_object(request), SubscriptionStatus)
    found = await provider_by_slug(session, opaque_id(provider))
    row = await session.get(PortalSubscription, found.practice_id, with_for_update=True)
    now = await office.clock.now(session)
    if row is None:
        session.add(PortalSubscription(practice_id=found.practice_id, status=str(status), changed_at=now))
    else:
        row.status, row.changed_at = str(status), now
        row.ending = row.closes_at = row.told_at = None
    return {"status": str(status)}


@demo_router.put("/providers/{provider}/merchant-account", summary="Set the state of the provider's merchant account")
async def set_merchant_account(request: Request, provider: str, session: Transaction, office: TheOffice) -> Json:
    status = _status(await json_object(request), MerchantStatus)
    found = await provider_by_slug(session, opaque_id(provider))
    row = await session.get(MerchantAccount, found.id, with_for_update=True)
    now = await office.clock.now(session)
    if row is None:
        session.add(MerchantAccount(provider_id=found.id, account=None, status=str(status), changed_at=now))
    else:
        row.status, row.changed_at = str(status), now
    return {"status": str(status)}


@demo_router.post("/advance", summary="Let time pass for the whole stack")
async def advance_clock(request: Request, office: TheOffice, engine: TheEngine) -> Json:
    body = await json_object(request)
    only(body, ("seconds",))
    return {"now": instant(await advance(office, engine, body.get("seconds")))}


def _status(body: dict[str, object], kind: type[Status]) -> Status:
    only(body, ("status",))
    try:
        return kind(str(body.get("status")))
    except ValueError:
        raise ValidationFailed.of("status", f"must be one of {', '.join(kind)}") from None
