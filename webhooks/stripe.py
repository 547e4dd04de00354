"""Payment events: verified, kept once by their envelope, answered; what they say is looked up, never believed."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from commands.appointments import notice_payment
from commands.payment_events import keep_envelope
from db.models import Payment
from domain.ports import ProcessorEvent, WebhookVerifier
from web.bodies import raw_body
from web.transactions import TheOffice, Transaction

stripe_router = APIRouter()

_LIMIT = 512 * 1024


@stripe_router.post("/stripe/fees", summary="Events about clients' fees (Stripe)")
async def fees(request: Request, session: Transaction, office: TheOffice) -> JSONResponse:
    event = await _verified(request, office.fee_webhooks)
    if event.livemode is not (office.environment == "production"):
        return _thanks("dropped")
    payment = await _ours(session, event)
    if payment is None:
        await keep_envelope(session, "stripe-fees", event)
        return _thanks("kept")
    await notice_payment(session, payment, source="stripe-fees", external_id=event.event_id)
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
    return verifier.verify(
        await raw_body(request, _LIMIT), request.headers.get("stripe-signature", ""), datetime.now(UTC)
    )


async def _ours(session: AsyncSession, event: ProcessorEvent) -> Payment | None:
    """The payment that this event is about: by ids that we were given ourselves, at its own merchant's account."""
    ids = {event.object_id, *event.related.values()}
    query = select(Payment).where(or_(Payment.session_id.in_(ids), Payment.payment_intent_id.in_(ids)))
    payment = await session.scalar(query.limit(1))
    return payment if payment is not None and payment.merchant_account == event.merchant_account else None


def _thanks(what: str) -> JSONResponse:
    return JSONResponse({"received": True, "result": what})
