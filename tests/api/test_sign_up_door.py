"""The sign-up door: what the website may read, what isn't let in, and that an accepted sign-up is whole."""

from __future__ import annotations

import httpx
import pytest

from commands.signup_limits import SIGNUPS_PER_NETWORK
from tests.driver import Provider, World, new_address, ok, problem

ORIGIN = "https://www.practice.example"


@pytest.fixture
async def website(provider: Provider) -> Provider:
    """A provider whose own website is at `ORIGIN`."""
    path = f"/api/v1/providers/{provider.slug}/portal-settings"
    ok(await provider.request("PUT", path, json={"website_origins": [ORIGIN]}))
    return provider


async def send(
    world: World, provider: Provider, method: str, content: bytes, origin: str | None = ORIGIN, address: str = ""
) -> httpx.Response:
    headers = ({"origin": origin} if origin else {}) | ({"x-forwarded-for": address} if address else {})
    url = f"{world.base_url}/webhooks/signups/{provider.slug}"
    return await world.http.request(method, url, content=content, headers=headers)


def clients_of(world: World, provider: Provider) -> int:
    query = "SELECT c.id FROM client c JOIN provider p ON p.id = c.provider_id WHERE p.slug = %s"
    return len(world.rows(query, provider.slug))


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 422), (b'{"fields": []}', 422), (b'{"fields": {}, "role": 1}', 422), (b"x" * 70_000, 413)],
)
async def test_a_refusal_can_be_read_by_the_website_and_writes_nothing(
    world: World, website: Provider, content: bytes, status: int
) -> None:
    answer = await send(world, website, "POST", content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert clients_of(world, website) == 0


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", None])
async def test_another_website_is_allowed_nothing(world: World, website: Provider, origin: str | None) -> None:
    for method, content in (("POST", b"{"), ("OPTIONS", b"")):
        answer = await send(world, website, method, content, origin)
        assert "access-control-allow-origin" not in answer.headers


async def test_a_preflight_names_what_may_be_sent(world: World, website: Provider) -> None:
    answer = await send(world, website, "OPTIONS", b"")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["vary"] == "Origin"
    assert "idempotency-key" in answer.headers["access-control-allow-headers"]


async def test_a_filled_honeypot_is_answered_like_a_sign_up(world: World, provider: Provider) -> None:
    answer = await send(world, provider, "POST", b'{"fields": {}, "website": "http://spam.example"}')
    assert answer.status_code == 202
    assert answer.json()["signup_id"].startswith("sgn_")
    assert clients_of(world, provider) == 0


async def test_one_address_is_stopped_at_its_limit_and_the_website_can_say_so(world: World, website: Provider) -> None:
    for _ in range(SIGNUPS_PER_NETWORK.requests):
        assert (await send(world, website, "POST", b"{", address="203.0.113.7")).status_code == 422
    refused = await send(world, website, "POST", b"{", address="203.0.113.7")
    problem(refused, "rate-limited", 429)
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    assert (await send(world, website, "POST", b"{", address="203.0.113.8")).status_code == 422


async def test_a_changed_form_holds_for_the_next_sign_up(world: World, provider: Provider) -> None:
    path = f"/api/v1/providers/{provider.slug}/portal-settings"
    ok(await world.sign_up(provider), 202)
    ok(await provider.request("PUT", path, json={"allow_anonymous_signup": False}))
    problem(await world.sign_up(provider), "signup-closed", 409)
    ok(await provider.request("PUT", path, json={"allow_anonymous_signup": True}))
    ok(await world.sign_up(provider), 202)


async def test_what_is_accepted_is_client_sign_up_and_event_together(world: World, provider: Provider) -> None:
    address = new_address()
    answer = ok(await world.sign_up(provider, email=address.upper(), phone="+1 212 555 0123"), 202)
    [row] = world.rows(
        "SELECT c.email, c.phone, c.track, s.form_version, s.sealed_answers, e.kind, e.payload"
        " FROM signup s JOIN client c ON c.id = s.client_id JOIN external_event e ON e.subject = 'client:' || c.id"
        " WHERE s.id = %s AND e.source = 'website'",
        answer["signup_id"],
    )
    assert (row["email"], row["phone"], row["track"]) == (address, "+12125550123", "anonymous")
    assert (row["sealed_answers"], row["kind"], row["payload"]) == (
        None,
        "signed_up",
        {"signup_id": answer["signup_id"]},
    )
