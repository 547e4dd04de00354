"""Payment events: verified, kept once by their envelope, answered; what they say is looked up, never believed."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader

from db.payment_events import take_merchant_event, take_subscription_event
from domain.errors import ValidationFailed
from domain.ports import ProcessorEvent, WebhookVerifier
from web.bodies import raw_body
from web.fields import opaque_id
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
    office = office_of(request)
    event = await _verified(request, office.fee_webhooks)
    if event.livemode is not (office.environment == "production"):
        return _thanks("dropped")
    relay = relay_of(request)
    with relay.answering_a_machine():
        async with office.database.statements() as session:
            ours = await take_merchant_event(session, event)
    relay.nudge(session.info.pop("event_subjects", []))
    return _thanks("noticed" if ours else "kept")


@stripe_router.post("/stripe/subscriptions", summary="Events about practices' subscriptions (Stripe)")
async def subscriptions(request: Request) -> JSONResponse:
    office = office_of(request)
    event = await _verified(request, office.subscription_webhooks)
    if event.livemode is not (office.environment == "production"):
        return _thanks("dropped")
    async with office.database.statements() as session:
        ours = await take_subscription_event(session, event)
    relay_of(request).nudge(session.info.pop("event_subjects", []))
    return _thanks("noticed" if ours else "kept")


async def _verified(request: Request, verifier: WebhookVerifier) -> ProcessorEvent:
    # Signatures are on wall time, whatever the demo's clock says.
    raw = await raw_body(request, _LIMIT)
    event = verifier.verify(raw, request.headers.get("stripe-signature", ""), datetime.now(UTC))
    names = [event.event_id, event.type, event.object_id, event.merchant_account or "", *event.related.values()]
    if any(opaque_id(name) != name for name in names):
        raise ValidationFailed.of("body", "names something that can't be an id")
    return event


def _thanks(what: str) -> JSONResponse:
    return JSONResponse({"received": True, "result": what})
