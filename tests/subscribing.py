"""How tests subscribe a practice, act for the processor, and ring as it does."""

from __future__ import annotations

import json
import re
import secrets
import time
from html import unescape
from typing import Any

import httpx
import stripe

from tests.driver import Provider, World, ok, session_of, until
from tests.staffing import Colleague

PAGE = "/console/subscription"
MONTHLY, YEARLY = "price_simportalmonthly", "price_simportalyearly"


def unsubscribed(world: World, provider: Provider) -> None:
    """A practice that has no subscription yet; a seeded one's portal is open without."""
    world.execute(f"DELETE FROM portal_subscription WHERE practice_id = '{provider.seeded.practice_id}'")


def row_of(world: World, provider: Provider) -> dict[str, Any]:
    return world.rows("SELECT * FROM portal_subscription WHERE practice_id = %s", provider.seeded.practice_id)[0]


async def seen(owner: Colleague) -> str:
    return unescape(await owner.page(PAGE))


async def press(owner: Colleague, action: str, **fields: str) -> httpx.Response:
    return await owner.submit(PAGE, f"{PAGE}/{action}", **fields)


async def plan_fields(owner: Colleague, price: str = YEARLY) -> dict[str, str]:
    """What the page before a change of plan would send."""
    page = await owner.page(f"{PAGE}/plan?price={price}")
    return dict(re.findall(r'type="hidden" name="(price|at)" value="([^"]+)"', page))


async def ask_for_plan(owner: Colleague, price: str = YEARLY) -> httpx.Response:
    """Look at what it costs, and confirm."""
    fields = await plan_fields(owner, price)
    return await owner.submit(f"{PAGE}/plan?price={price}", f"{PAGE}/plan", **fields)


async def checkout(owner: Colleague, price: str = MONTHLY) -> str:
    """Press *Subscribe*; the processor's session."""
    answer = await press(owner, "subscribe", price=price)
    assert answer.status_code == 303, answer.text[:800]
    return session_of(answer.headers["location"])


async def in_status(world: World, provider: Provider, status: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        row = row_of(world, provider)
        return row if row["status"] == status else None

    return await until(look, f"the subscription to be {status}")


async def subscribed(world: World, provider: Provider, owner: Colleague) -> dict[str, Any]:
    await world.pay(await checkout(owner))
    return await in_status(world, provider, "active")


def simulator(world: World) -> str:
    return str(world.endpoints["simulator_url"])


async def at_processor(world: World, method: str, path: str) -> Any:
    headers = {"authorization": f"Bearer {world.stack.secrets.stripe_key}"}
    return ok(await world.http.request(method, f"{simulator(world)}/v1/{path}", headers=headers))


async def subscriptions_of(world: World, provider: Provider) -> list[dict[str, Any]]:
    customer = row_of(world, provider)["customer"]
    listed = await at_processor(world, "GET", f"subscriptions?customer={customer}&status=all")
    found: list[dict[str, Any]] = listed["data"]
    return found


async def ring(world: World, event: dict[str, Any], *, secret: str | None = None) -> httpx.Response:
    body = {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "livemode": False, "created": int(time.time())}
    payload = json.dumps(body | event)
    used = secret or world.endpoints["stripe_subscriptions_webhook_secret"]
    header = stripe.WebhookSignature.generate_signature_header(payload, used)
    headers = {"stripe-signature": header, "content-type": "application/json"}
    return await world.http.post(f"{world.base_url}/webhooks/stripe/subscriptions", content=payload, headers=headers)


def about(customer: str, **event: Any) -> dict[str, Any]:
    subscription = {"id": "sub_x", "object": "subscription", "customer": customer, "status": "canceled"}
    return {"type": "customer.subscription.deleted", "data": {"object": subscription}, **event}


async def reads(world: World, provider: Provider) -> int:
    customer = row_of(world, provider)["customer"]
    found = [
        one
        for one in await world.simulator_requests()
        if one["path"] == "/v1/subscriptions" and one["body"].get("customer") == customer
    ]
    return len(found)
