"""Payment events: verified, kept once by their envelope, answered; what they say is looked up, never believed."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointments import notice_payment
from commands.payment_events import keep_envelope
from db.models import Payment
from domain.errors import ValidationFailed
from domain.ports import ProcessorEvent, WebhookVerifier
from web.bodies import raw_body
from web.fields import opaque_id
from web.transactions import TheOffice, Transaction

# For /openapi.json: `_verified` does the checking.
_SIGNATURE = APIKeyHeader(
    name="stripe-signature",
    scheme_name="stripeSignature",
    description="Over the raw bytes, by one of the endpoint's active secrets, at most five minutes old.",
    auto_error=False,
)
stripe_router = APIRouter(dependencies=[Security(_SIGNATURE)])

_LIMIT = 512 * 1024
_OF_MONEY = {
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "charge.captured",
}


@stripe_router.post("/stripe/fees", summary="Events about clients' fees (Stripe)")
async def fees(request: Request, session: Transaction, office: TheOffice) -> JSONResponse:
    event = await _verified(request, office.fee_webhooks)
    if event.livemode is not (office.environment == "production"):
        return _thanks("dropped")
    payment = await _ours(session, event)
    if payment is None:
        await keep_envelope(session, "stripe-fees", event)
        return _thanks("kept")
    of_money = event.type in _OF_MONEY
    await notice_payment(session, payment, source="stripe-fees", external_id=event.event_id, of_money=of_money)
    return _thanks("noticed")


@stripe_router.post("/stripe/subscriptions", summary="Events about practices' subscriptions (Stripe)")
async def subscriptions(request: Request, session: Transaction, office: TheOffice) -> JSONResponse:
    event = await _verified(request, office.subscription_webhooks)
    if event.livemode is not (office.environment == "production"):
        return _thanks("dropped")
    await keep_envelope(session, "stripe-subscriptions", event)
    return _thanks("kept")


async def _verified(request: Request, verifier: WebhookVerifier) -> ProcessorEvent:
    # Signatures are on wall time, whatever the demo's clock says.
    raw = await raw_body(request, _LIMIT)
    event = verifier.verify(raw, request.headers.get("stripe-signature", ""), datetime.now(UTC))
    names = [event.event_id, event.type, event.object_id, event.merchant_account or "", *event.related.values()]
    if any(opaque_id(name) != name for name in names):
        raise ValidationFailed.of("body", "names something that can't be an id")
    return event


async def _ours(session: AsyncSession, event: ProcessorEvent) -> Payment | None:
    """The payment that this event is about: by ids that we were given ourselves, at its own merchant's account."""
    ids = {event.object_id, *event.related.values()}
    query = select(Payment).where(or_(Payment.session_id.in_(ids), Payment.payment_intent_id.in_(ids)))
    payment = await session.scalar(query.limit(1))
    return payment if payment is not None and payment.merchant_account == event.merchant_account else None


def _thanks(what: str) -> JSONResponse:
    return JSONResponse({"received": True, "result": what})
