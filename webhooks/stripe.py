"""Payment events: verified, kept once by their envelope, answered; what they say is looked up, never believed."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader

from commands.payment_events import Result, take_event
from db.lost_events import delivered_after_all
from domain.lost_events import Door
from domain.ports import ProcessorEvent, WebhookVerifier
from web.bodies import raw_body
from web.transactions import office_of, relay_of

# For /openapi.json: `_verified` does the checking.
_SIGNATURE = APIKeyHeader(
    name="stripe-signature",
    scheme_name="stripeSignature",
    description="Over the raw bytes, by one of the endpoint's active secrets, at most five minutes old.",
    auto_error=False,
)
stripe_router = APIRouter(prefix="/webhooks", tags=["webhooks"], dependencies=[Security(_SIGNATURE)])

_LIMIT = 512 * 1024


@stripe_router.post("/stripe/fees", summary="Events about clients' fees (Stripe)")
async def fees(request: Request) -> JSONResponse:
    event = await _verified(request, office_of(request).fee_webhooks)
    with relay_of(request).answering_a_machine():
        return await _taken(request, Door.FEES, event)


@stripe_router.post("/stripe/subscriptions", summary="Events about practices' subscriptions (Stripe)")
async def subscriptions(request: Request) -> JSONResponse:
    event = await _verified(request, office_of(request).subscription_webhooks)
    return await _taken(request, Door.SUBSCRIPTIONS, event)


async def _verified(request: Request, verifier: WebhookVerifier) -> ProcessorEvent:
    # Signatures are on wall time, whatever the demo's clock says.
    raw = await raw_body(request, _LIMIT)
    return verifier.verify(raw, request.headers.get("stripe-signature", ""), datetime.now(UTC))


async def _taken(request: Request, door: Door, event: ProcessorEvent) -> JSONResponse:
    office = office_of(request)
    async with office.database.statements() as session:
        taken = await take_event(session, door, event, livemode=office.environment == "production")
        if taken.result is not Result.DROPPED and not taken.recorded:
            await delivered_after_all(session, door, event.event_id)
    relay_of(request).nudge(session.info.pop("event_subjects", []))
    return JSONResponse({"received": True, "result": taken.result})
