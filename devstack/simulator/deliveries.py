"""Delivers webhooks: signed by Stripe's own signer, tried again with growing pauses until the far side answers 2xx."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import httpx
import stripe

from devstack.simulator.world import World

_PAUSES = (1.0, 5.0, 30.0, 60.0)
_GIVE_UP_SECONDS = 3 * 24 * 3600
_TIMEOUT_SECONDS = 10.0
_AT_ONCE = 4
_LONGEST_NAP = 60.0


class Deliveries:
    """The queue's worker. Signatures and pauses are on the wall clock, as signatures are everywhere in Portico."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._under_way: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver for ever; whatever is pending in the store is picked up, also from an earlier life."""
        # Endpoints are plain http, so no time is spent on loading certificates.
        client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False, verify=False)  # noqa: S501
        async with client, asyncio.TaskGroup() as group:
            while True:
                self._world.events.wake.clear()
                for delivery, endpoint, payload in self._due():
                    task = group.create_task(self._attempt(client, delivery, endpoint, payload))
                    self._under_way[delivery] = task
                # Not `wait_for`: on Python 3.11 it can swallow a cancellation, and then nothing stops this loop.
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._nap()):
                        await self._world.events.wake.wait()

    def _due(self) -> list[tuple[int, str, str]]:
        rows = self._world.store.rows(
            "SELECT id, endpoint, payload FROM deliveries WHERE state = 'pending' AND next_at <= ? ORDER BY id",
            time.time(),
        )
        return [(id_, endpoint, payload) for id_, endpoint, payload in rows if id_ not in self._under_way]

    def _nap(self) -> float:
        rows = self._world.store.rows("SELECT id, next_at FROM deliveries WHERE state = 'pending'")
        pauses = [float(at) - time.time() for id_, at in rows if id_ not in self._under_way]
        return max(0.0, min([*pauses, _LONGEST_NAP]))

    async def _attempt(self, client: httpx.AsyncClient, delivery: int, endpoint_name: str, payload: str) -> None:
        async with self._slots:
            accepted = await self._send(client, endpoint_name, payload)
        self._record(delivery, accepted)
        del self._under_way[delivery]
        # Its next attempt may be sooner than what the loop is napping for.
        self._world.events.wake.set()

    async def _send(self, client: httpx.AsyncClient, endpoint_name: str, payload: str) -> bool:
        endpoint = self._world.config.webhooks.get(endpoint_name)
        if endpoint is None:
            return False
        signature = stripe.WebhookSignature.generate_signature_header(payload, endpoint.secret)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
            "User-Agent": "Stripe/1.0 (simulation)",
        }
        try:
            response = await client.post(endpoint.url, content=payload.encode(), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return response.is_success

    def _record(self, delivery: int, accepted: bool) -> None:
        store, now = self._world.store, time.time()
        with store.transaction():
            if accepted:
                store.change("UPDATE deliveries SET state = 'delivered' WHERE id = ?", delivery)
                return
            attempts, first_at = store.rows("SELECT attempts, first_at FROM deliveries WHERE id = ?", delivery)[0]
            state = "failed" if now - first_at > _GIVE_UP_SECONDS else "pending"
            store.change(
                "UPDATE deliveries SET attempts = attempts + 1, next_at = ?, state = ? WHERE id = ?",
                now + _PAUSES[min(attempts, len(_PAUSES) - 1)],
                state,
                delivery,
            )
