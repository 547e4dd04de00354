"""The webhook endpoint of a live installation: which events it takes, by their signature and their mode."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest
import stripe

from server import build_app
from settings import load_settings
from tests.driver import Provider, World, ok, problem
from tests.settings.test_production import GOOD

# As in GOOD: while they are rotated, both are active.
NEW, OLD = GOOD["PORTICO_STRIPE_FEES_WEBHOOK_SECRETS"].split(",")


@pytest.fixture
async def live(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A second server, in production shape, on the same database."""
    ours = world.stack.variables()
    shared = ("PORTICO_DATABASE_URL", "PORTICO_TEMPORAL_ADDRESS", "PORTICO_SECRET_KEYS", "PORTICO_ENCRYPTION_KEYS")
    for name, value in (GOOD | {name: ours[name] for name in shared}).items():
        monkeypatch.setenv(name, value)
    app = build_app(load_settings())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=GOOD["PORTICO_BASE_URL"]) as http,
    ):
        yield http


async def rung(http: httpx.AsyncClient, provider: Provider, signers: Sequence[str], **facts: Any) -> tuple[str, Any]:
    """The id of an event that was signed with these secrets, and the answer to it."""
    event = {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": "charge.captured", "livemode": True}
    charge = {"id": f"ch_{secrets.token_hex(8)}", "object": "charge"}
    event |= {"account": provider.seeded.merchant_account, "created": int(time.time()), "data": {"object": charge}}
    payload = json.dumps(event | facts)
    headers = [stripe.WebhookSignature.generate_signature_header(payload, one) for one in signers]
    # Stripe signs with each active secret: one time, several v1.
    signature = ",".join([headers[0], *(header.partition(",")[2] for header in headers[1:])])
    answer = await http.post(
        "/webhooks/stripe/fees",
        content=payload,
        headers={"stripe-signature": signature, "content-type": "application/json"},
    )
    return str(event["id"]), answer


async def test_what_plays_with_time_and_money_in_the_demo_is_not_there(
    provider: Provider, live: httpx.AsyncClient
) -> None:
    for method, path in (
        ("POST", "advance"),
        ("PUT", f"providers/{provider.slug}/subscription"),
        ("PUT", f"providers/{provider.slug}/merchant-account"),
    ):
        assert (await live.request(method, f"/api/v1/demo/{path}", json={})).status_code == 404


async def test_secret_rotation(world: World, provider: Provider, live: httpx.AsyncClient) -> None:
    for signers in ((NEW,), (OLD,), (OLD, NEW), ("whsec_retired", NEW)):
        event, answer = await rung(live, provider, signers)
        assert ok(answer)["result"] == "kept", signers
        assert len(world.rows("SELECT id FROM external_event WHERE external_id = %s", event)) == 1
    event, answer = await rung(live, provider, ("whsec_retired",))
    problem(answer, "signature-invalid", 401)
    assert world.rows("SELECT id FROM external_event WHERE external_id = %s", event) == []


async def test_test_event_at_a_live_endpoint(world: World, provider: Provider, live: httpx.AsyncClient) -> None:
    """Dropped, and answered with 2xx: a refusal would be sent again for days. The same the other way round."""
    dropped = [await rung(live, provider, (NEW,), livemode=False)]
    ours = world.endpoints["stripe_fees_webhook_secret"]
    async with httpx.AsyncClient(base_url=world.base_url) as http:
        dropped.append(await rung(http, provider, (ours,), livemode=True))
    for event, answer in dropped:
        assert ok(answer)["result"] == "dropped"
        assert world.rows("SELECT id FROM external_event WHERE external_id = %s", event) == []
