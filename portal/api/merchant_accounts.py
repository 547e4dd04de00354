"""A provider's merchant account by API: how it stands, and an address at which the provider goes on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from commands.merchant_accounts import connect, merchant_view
from db.models import Provider
from db.tenancy import provider_by_slug
from portal.shapes import Json, instant
from web.fields import opaque_id
from web.identity import ApiPractice
from web.transactions import TheOffice

merchant_accounts_router = APIRouter(prefix="/providers/{provider}/merchant-account", tags=["merchant account"])


async def reached_provider(provider: str, office: TheOffice, staff: ApiPractice) -> Provider:
    """In a transaction of its own: none is held while the processor is asked. Raises NotFound."""
    async with office.database.transaction() as session:
        return await provider_by_slug(session, opaque_id(provider), staff.reach)


ReachedProvider = Annotated[Provider, Depends(reached_provider)]


@merchant_accounts_router.get("", summary="How the merchant account stands")
async def read_merchant_account(office: TheOffice, provider: ReachedProvider) -> Json:
    async with office.database.transaction() as session:
        view = await merchant_view(session, office, provider)
    return {
        "status": str(view.status),
        "account": view.account,
        "since": instant(view.since) if view.since else None,
        "due": view.due,
        "disabled_reason": view.disabled_reason,
        "read_at": instant(view.read_at) if view.read_at else None,
    }


@merchant_accounts_router.post("/onboarding", status_code=201, summary="An address at which the provider goes on")
async def onboard(office: TheOffice, staff: ApiPractice, provider: ReachedProvider) -> Json:
    """Good once, and for a few minutes only: send the provider there at once, and never by mail."""
    return {"url": await connect(office, staff.who, provider)}
