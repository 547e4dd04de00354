"""Events: recorded with the change that they tell of, in the same transaction, and queued for their endpoint."""

from __future__ import annotations

import asyncio
import json
import secrets
import time

import stripe

from devstack.simulator.config import PLATFORM_ACCOUNT, SimulatorConfig
from devstack.simulator.conformity import demand
from devstack.simulator.faults import EVENT_ACTIONS, Faults, mutated
from devstack.simulator.rendering import render
from devstack.simulator.store import Clock, Json, Store

# What the endpoint of the client fees is subscribed to; other events are recorded and not sent.
FEE_EVENTS = frozenset(
    {
        "account.application.deauthorized",
        "account.updated",
        "capability.updated",
        "charge.captured",
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.expired",
        "charge.refunded",
        "charge.succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        "refund.created",
        "refund.failed",
        "refund.updated",
    }
)
# And that of the practices' own subscriptions.
SUBSCRIPTION_EVENTS = frozenset(
    {
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.updated",
        "invoice.paid",
        "invoice.payment_failed",
    }
)


def endpoint_of(type_: str, obj: Json) -> str | None:
    """The practice's own subscription is another business than its clients' fees: another endpoint, another secret."""
    if type_ in SUBSCRIPTION_EVENTS:
        return "subscriptions"
    if obj.get("mode") == "subscription":
        return None
    return "fees" if type_ in FEE_EVENTS else None


class Events:
    """Makes events; `wake` is set when there is something to deliver. `cause` is the API request being answered."""

    def __init__(self, config: SimulatorConfig, store: Store, clock: Clock, faults: Faults) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._faults = faults
        self.wake = asyncio.Event()
        self.cause: Json = {"id": None, "idempotency_key": None}

    def emit(self, type_: str, obj: Json, account: str) -> Json:
        """Record that something happened to `obj`, and queue the webhook, as the faults would have it."""
        endpoint = self._config.webhooks.get(endpoint_of(type_, obj) or "")
        event: Json = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": stripe.api_version,
            "created": self._clock.now(),
            "data": {"object": render(obj)},
            "livemode": False,
            "pending_webhooks": 1 if endpoint else 0,
            "request": dict(self.cause),
            "type": type_,
        }
        if account != PLATFORM_ACCOUNT:
            event["account"] = account
        demand(event)
        demand(event["data"]["object"])
        self._store.put(event, account)
        if endpoint is not None:
            self._queue(event, endpoint.name)
        return event

    def _queue(self, event: Json, endpoint: str) -> None:
        fault = self._faults.strike(event["type"], EVENT_ACTIONS)
        action = fault.action if fault else None
        payload, now = event, time.time()
        if fault is not None and action == "mutate":
            payload = {**event, "data": {"object": mutated(event["data"]["object"], fault.set)}}
        for _ in range(2 if action == "duplicate" else 1):
            self._store.change(
                "INSERT INTO deliveries (event, endpoint, payload, next_at, first_at, state) VALUES (?, ?, ?, ?, ?, ?)",
                event["id"],
                endpoint,
                json.dumps(payload),
                now + (fault.seconds if fault and action == "delay" else 0),
                now,
                "dropped" if action == "drop" else "pending",
            )
        self.wake.set()
