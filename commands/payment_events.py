"""Events of the payment processor, delivered or asked for: what is ours rings and is read again, the rest is kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from commands.office import Office
from db.events import Recorded, body_hash
from db.ids import new_id
from db.lost_events import mark_undelivered
from db.merchant_accounts import notice_merchant_account, providers_with_account
from db.subscriptions import notice_subscription, practice_billed_by
from db.waking import notice_taken_payment, wake_booking
from domain.errors import DomainError, ValidationFailed
from domain.lost_events import OWN_ACCOUNT, Door
from domain.ports import ProcessorEvent
from domain.states import PaymentState

logger = logging.getLogger("portico.money")
_LONGEST_NAME = 100

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

# Events about a merchant account itself, not about money.
OF_ACCOUNTS = frozenset({"account.updated", "account.application.deauthorized", "capability.updated"})

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
      ON CONFLICT (source, tenant, external_id) DO NOTHING RETURNING id)
    SELECT ours.id, provider_id, client_id, appointment_id, state, (SELECT id FROM kept) AS kept
      FROM (SELECT) one LEFT JOIN ours ON true
""")
_KEEP = text("""
    INSERT INTO external_event (id, source, tenant, external_id, kind, subject, payload, body_hash, received_at,
                                handled_at, attempts)
    VALUES (:id, :source, :tenant, :external_id, :kind, :subject, CAST(:payload AS jsonb), :body_hash, :now, :now, 0)
    ON CONFLICT (source, tenant, external_id) DO NOTHING RETURNING id
""")


class Result(StrEnum):
    """What became of an event, as whoever delivers it is answered."""

    NOTICED = "noticed"
    KEPT = "kept"  # nobody's here
    DROPPED = "dropped"  # of the other mode, test or live


@dataclass(frozen=True, kw_only=True)
class Taken:
    """`recorded` are the rows that were written for it: none where it had been here before."""

    result: Result
    recorded: tuple[str, ...] = ()


async def take_event(session: AsyncSession, door: Door, event: ProcessorEvent, *, livemode: bool) -> Taken:
    """Whatever way it came: its envelope is kept under its id, and what it is about is read again. It proves nothing.

    Raises ValidationFailed where it names what can't be an id.
    """
    names = [event.event_id, event.type, event.object_id, event.merchant_account or "", *event.related.values()]
    if any(len(name) > _LONGEST_NAME or not name.isascii() or not name.isprintable() for name in names):
        raise ValidationFailed.of("body", "names something that can't be an id")
    if event.livemode is not livemode:
        return Taken(result=Result.DROPPED)
    if door is Door.SUBSCRIPTIONS:
        return await _take_subscription_event(session, event)
    if event.type in OF_ACCOUNTS:
        return await _take_account_event(session, event)
    return await _take_fee_event(session, event)


class UndeliveredEvents:
    """Implements `domain.lost_events.EventDoor`."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def take_undelivered(self, door: Door, event: ProcessorEvent) -> bool:
        livemode = self._office.environment == "production"
        try:
            async with self._office.database.transaction() as session:
                taken = await take_event(session, door, event, livemode=livemode)
                await mark_undelivered(session, taken.recorded)
        except DomainError as error:
            # As the door would answer; the next one proceeds.
            logger.warning("an event that was asked for is refused (%s): %s", type(error).__name__, event.event_id)
            return False
        rang = taken.result is Result.NOTICED and bool(taken.recorded)
        if rang:
            logger.warning("found by asking, not delivered (%s): %s %s", door, event.type, event.event_id)
        return rang


async def _take_fee_event(session: AsyncSession, event: ProcessorEvent) -> Taken:
    """Wake the booking that the event is about, so that it reads its payment again.

    What is about money that was taken already is for whoever follows the payment afterwards.

    Where no payment of ours is meant, its envelope is kept, so that repeats are known. An event that came before our
    own call returned is found by the booking's next look. Each way is one statement.
    """
    values = _envelope(Door.FEES, event)
    values |= {"ids": [event.object_id, *event.related.values()], "merchant_account": event.merchant_account}
    payment = (await session.execute(_KEEP_UNLESS_OURS, values)).one()
    if payment.id is None:
        return Taken(result=Result.KEPT, recorded=_those(payment.kept))
    if event.type.startswith(_OF_MONEY_TAKEN) and payment.state in _TAKEN:
        recorded = await notice_taken_payment(
            session,
            source=Door.FEES,
            external_id=event.event_id,
            provider_id=payment.provider_id,
            client_id=payment.client_id,
            payment_id=payment.id,
            body=_said(event),
        )
        return _noticed([recorded])
    recorded = await wake_booking(
        session,
        source=Door.FEES,
        external_id=event.event_id,
        provider_id=payment.provider_id,
        client_id=payment.client_id,
        appointment_id=payment.appointment_id,
        payment_id=payment.id,
        of_money=event.type in _OF_MONEY,
        body=_said(event),
    )
    return _noticed([recorded])


async def _take_account_event(session: AsyncSession, event: ProcessorEvent) -> Taken:
    """Have the merchant account that the event is about read again.

    Whose it is says the account that Stripe sent the event for, never the object in it.
    """
    providers = await providers_with_account(session, event.merchant_account)
    if not providers:
        return await _keep(session, Door.FEES, event)
    recorded = [
        await notice_merchant_account(session, one, source=Door.FEES, external_id=f"{event.event_id}:{one.id}")
        for one in providers
    ]
    return _noticed(recorded)


async def _take_subscription_event(session: AsyncSession, event: ProcessorEvent) -> Taken:
    """Have the subscription that the event is about read again.

    Ours are events of our own account about ids that the processor gave us; what a connected account does is no
    business of a subscription.
    """
    practice_id = None
    if event.merchant_account is None:
        practice_id = await practice_billed_by(session, [event.object_id, *event.related.values()])
    if practice_id is None:
        return await _keep(session, Door.SUBSCRIPTIONS, event)
    recorded = await notice_subscription(session, practice_id, source=Door.SUBSCRIPTIONS, external_id=event.event_id)
    return _noticed([recorded])


async def _keep(session: AsyncSession, door: Door, event: ProcessorEvent) -> Taken:
    """So that repeats are known; nobody has to be told."""
    kept = await session.scalar(_KEEP, _envelope(door, event))
    return Taken(result=Result.KEPT, recorded=_those(kept))


def _noticed(recorded: Iterable[Recorded]) -> Taken:
    return Taken(result=Result.NOTICED, recorded=tuple(one.id for one in recorded if one.new))


def _those(kept: str | None) -> tuple[str, ...]:
    return () if kept is None else (kept,)


def _said(event: ProcessorEvent) -> dict[str, object]:
    """What a repeat is compared by: what it rings at may be another by then."""
    return {"type": event.type, "object": event.object_id}


def _envelope(door: Door, event: ProcessorEvent) -> dict[str, object]:
    envelope = _said(event)
    return {
        "id": new_id("evt"),
        "source": str(door),
        "tenant": event.merchant_account or OWN_ACCOUNT,
        "external_id": event.event_id,
        "kind": event.type[:100],
        "subject": f"processor:{event.event_id}",
        "payload": json.dumps(envelope),
        "body_hash": body_hash(envelope),
        "now": datetime.now(UTC),
    }
