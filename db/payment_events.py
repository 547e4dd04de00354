"""Events of the payment processor: what is about a payment of ours wakes its booking, the rest is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from db.events import body_hash
from db.ids import new_id
from db.merchant_accounts import notice_merchant_account, providers_with_account
from db.subscriptions import notice_subscription, practice_billed_by
from db.waking import notice_taken_payment, wake_booking
from domain.ports import ProcessorEvent
from domain.states import PaymentState
from domain.webhook_endpoints import ACCOUNT_EVENTS

# Events that say that money is held or was taken.
_OF_MONEY = {
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "charge.captured",
}

_TAKEN = (PaymentState.CAPTURED, PaymentState.REFUNDED)
# Events about what becomes of money that was taken.
_OF_MONEY_TAKEN = ("refund.", "charge.refund", "charge.dispute.")

_FEES, _SUBSCRIPTIONS = "stripe-fees", "stripe-subscriptions"
LISTED = "listed-events"  # the source of events that no webhook has brought

# Ours is what carries ids that we were given ourselves, at its own merchant's account.
_KEEP_UNLESS_OURS = text("""
    WITH ours AS (
      SELECT id, provider_id, client_id, appointment_id, state FROM payment
       WHERE (session_id = ANY(:ids) OR payment_intent_id = ANY(:ids))
         AND merchant_account IS NOT DISTINCT FROM CAST(:merchant_account AS text) LIMIT 1),
    kept AS (
      INSERT INTO external_event (id, source, tenant, external_id, kind, subject, payload, body_hash, received_at,
                                  handled_at, attempts)
      SELECT :id, :source, :tenant, :external_id, :kind, :subject, CAST(:payload AS jsonb), :body_hash, :now, :now, 0
       WHERE NOT EXISTS (SELECT FROM ours)
      ON CONFLICT (source, tenant, external_id) DO NOTHING)
    SELECT id, provider_id, client_id, appointment_id, state FROM ours
""")
_KEEP = text("""
    INSERT INTO external_event (id, source, tenant, external_id, kind, subject, payload, body_hash, received_at,
                                handled_at, attempts)
    VALUES (:id, :source, :tenant, :external_id, :kind, :subject, CAST(:payload AS jsonb), :body_hash, :now, :now, 0)
    ON CONFLICT (source, tenant, external_id) DO NOTHING
""")


async def take_merchant_event(session: AsyncSession, event: ProcessorEvent, source: str = _FEES) -> bool:
    """Whatever is heard of a merchant's account: about itself, or about a fee. False where it is nobody's of ours."""
    take = _take_account_event if event.type in ACCOUNT_EVENTS else _take_fee_event
    return await take(session, event, source)


async def _take_fee_event(session: AsyncSession, event: ProcessorEvent, source: str) -> bool:
    """Wake the booking that the event is about, so that it reads its payment again; the event proves nothing.

    What is about money that was taken already is for whoever follows the payment afterwards.

    False where no payment of ours is meant: its envelope is kept, so that repeats are known. An event that came before
    our own call returned is found by the booking's next look. Each way is one statement.
    """
    values = _envelope(source, event)
    values |= {"ids": [event.object_id, *event.related.values()], "merchant_account": event.merchant_account}
    payment = (await session.execute(_KEEP_UNLESS_OURS, values)).one_or_none()
    if payment is None:
        return False
    if event.type.startswith(_OF_MONEY_TAKEN) and payment.state in _TAKEN:
        await notice_taken_payment(
            session,
            source=source,
            external_id=event.event_id,
            provider_id=payment.provider_id,
            client_id=payment.client_id,
            payment_id=payment.id,
        )
        return True
    await wake_booking(
        session,
        source=source,
        external_id=event.event_id,
        provider_id=payment.provider_id,
        client_id=payment.client_id,
        appointment_id=payment.appointment_id,
        payment_id=payment.id,
        of_money=event.type in _OF_MONEY,
    )
    return True


async def _take_account_event(session: AsyncSession, event: ProcessorEvent, source: str) -> bool:
    """Have the merchant account that the event is about read again.

    Whose it is says the account that Stripe sent the event for, never the object in it. False where it is nobody's.
    """
    providers = await providers_with_account(session, event.merchant_account)
    for provider in providers:
        await notice_merchant_account(session, provider, source=source, external_id=f"{event.event_id}:{provider.id}")
    if not providers:
        await _keep_envelope(session, source, event)
    return bool(providers)


async def take_subscription_event(session: AsyncSession, event: ProcessorEvent) -> bool:
    """Have the subscription that the event is about read again; False where it is nobody's.

    Ours are events of our own account about ids that the processor gave us; what a connected account does is no
    business of a subscription.
    """
    practice_id = None
    if event.merchant_account is None:
        practice_id = await practice_billed_by(session, [event.object_id, *event.related.values()])
    if practice_id is None:
        await _keep_envelope(session, _SUBSCRIPTIONS, event)
        return False
    await notice_subscription(session, practice_id, source=_SUBSCRIPTIONS, external_id=event.event_id)
    return True


async def _keep_envelope(session: AsyncSession, source: str, event: ProcessorEvent) -> None:
    """So that repeats are known; nobody has to be told."""
    await session.execute(_KEEP, _envelope(source, event))


def _envelope(source: str, event: ProcessorEvent) -> dict[str, object]:
    envelope = {"type": event.type, "object": event.object_id}
    return {
        "id": new_id("evt"),
        "source": source,
        "tenant": event.merchant_account or "platform",
        "external_id": event.event_id,
        "kind": event.type[:100],
        "subject": f"processor:{event.event_id}",
        "payload": json.dumps(envelope),
        "body_hash": body_hash(envelope),
        "now": datetime.now(UTC),
    }
