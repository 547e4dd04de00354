"""How tests connect merchant accounts, act on them at the simulator, and ring as the processor does."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import stripe

from composition import payments_of
from domain.money import Money
from domain.ports import CheckoutRequest
from tests.driver import Provider, World, ok, until
from tests.seeding import settings_of
from tests.staffing import Colleague


def page_of(provider: Provider) -> str:
    return f"/console/merchant-account/{provider.slug}"


def row_of(world: World, provider: Provider) -> dict[str, Any]:
    query = "SELECT m.* FROM merchant_account m JOIN provider p ON p.id = m.provider_id WHERE p.slug = %s"
    return world.rows(query, provider.slug)[0]


async def in_status(world: World, provider: Provider, status: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        row = row_of(world, provider)
        return row if row["status"] == status else None

    return await until(look, f"the merchant account to be {status}")


async def at_simulator(world: World, account: str, act: str) -> None:
    ok(await world.http.post(f"{world.endpoints['simulator_url']}/_sim/accounts/{account}/{act}"))


async def to_processor(owner: Colleague, provider: Provider) -> str:
    """Press the page's button; the address of the processor's page."""
    answer = await owner.submit(page_of(provider), f"{page_of(provider)}/connect")
    assert answer.status_code == 303, answer.text[:800]
    return answer.headers["location"]


async def at_onboarding(world: World, link: str, action: str) -> str:
    """Be the provider at the processor's page; the address that leads back."""
    assert (await world.http.get(link)).status_code == 200
    done = await world.http.post(link, data={"action": action})
    assert done.status_code == 303, done.text[:300]
    return done.headers["location"]


async def back(owner: Colleague, address: str) -> str:
    """Follow the way back to the page that says how the account stands."""
    here = address.removeprefix(owner.world.base_url)
    answer = await owner.request("GET", here, follow_redirects=True)
    assert answer.status_code == 200
    return unescape(answer.text)


async def seen(owner: Colleague, path: str) -> str:
    return unescape(await owner.page(path))


async def ring(
    world: World, type_: str, account: str | None, obj: dict[str, Any], *, event_id: str | None = None
) -> None:
    """A webhook signed by Stripe's own signer."""
    event = {"id": event_id or f"evt_{secrets.token_hex(8)}", "object": "event", "type": type_, "livemode": False}
    event |= {"created": int(time.time()), "api_version": "2026-10-28.endive", "data": {"object": obj}}
    if account is not None:
        event["account"] = account
    payload = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(payload, world.endpoints["stripe_fees_webhook_secret"])
    headers = {"stripe-signature": header, "content-type": "application/json"}
    answer = await world.http.post(f"{world.base_url}/webhooks/stripe/fees", content=payload, headers=headers)
    assert answer.is_success, answer.text


async def open_session(world: World, account: str, reference: str) -> str:
    """A checkout at this account, under this reference; of what the ledger knows nothing."""
    payments = payments_of(settings_of(world.stack))
    request = CheckoutRequest(
        merchant_account=account,
        fee_reference=reference,
        amount=Money(amount_minor=4000, currency="usd"),
        purpose="Appointment fee",
        success_url=f"{world.base_url}/portal/payments/{reference}/return",
        cancel_url=f"{world.base_url}/portal/bill-pay",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        idempotency_key=secrets.token_hex(8),
    )
    session = (await payments.open_checkout(request)).session_id
    await payments.aclose()
    return session


async def reads(world: World, account: str) -> int:
    found = [one for one in await world.simulator_requests() if one["path"] == f"/v1/accounts/{account}"]
    return len(found)


async def made_for(world: World, provider: Provider) -> list[dict[str, Any]]:
    """The requests for a new account, of this provider."""
    provider_id = row_of(world, provider)["provider_id"]
    return [
        one
        for one in await world.simulator_requests()
        if (one["method"], one["path"]) == ("POST", "/v1/accounts")
        and one["body"]["metadata"]["merchant_reference"].startswith(provider_id)
    ]


def charges(world: World, provider: Provider) -> list[tuple[int, int]]:
    """What was taken and what was given back, of each charge at the provider's account."""
    store = world.stack.plan.state_dir / "simulator" / "simulator.sqlite3"
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as simulator:
        rows = simulator.execute(
            "SELECT body FROM objects WHERE account = ? AND kind = 'charge'", (provider.seeded.merchant_account,)
        ).fetchall()
    bodies = [json.loads(body) for (body,) in rows]
    return sorted((one["amount_captured"], one["amount_refunded"]) for one in bodies)
