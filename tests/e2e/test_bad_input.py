"""What hurried people, broken programs and attackers send: the right refusal, and nothing written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.driver import Provider, World, new_address, ok, problem

PRIVATE_ROUTES = [
    ("GET", "/api/v1/clients"),
    ("GET", "/api/v1/appointments"),
    ("GET", "/api/v1/payments"),
    ("GET", "/api/v1/attention"),
    ("GET", "/api/v1/portal/me"),
    ("GET", "/api/v1/portal/appointments"),
    ("POST", "/api/v1/clients"),
    ("POST", "/api/v1/appointments"),
]


def counted(world: World) -> int:
    query = "SELECT (SELECT count(*) FROM client) + (SELECT count(*) FROM external_event) AS n"
    return int(world.rows(query)[0]["n"])


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 422, "validation"),
        (b"{", 422, "validation"),
        (b"[]", 422, "validation"),
        (b"null", 422, "validation"),
        (b'{"fields": []}', 422, "validation"),
        (b'{"fields": {}}', 422, "validation"),
        (b'{"fields": {"first_name": 1, "last_name": [], "email": {}}}', 422, "validation"),
        (b'{"fields": {"first_name": "A", "last_name": "B", "email": "not an address"}}', 422, "validation"),
        (b'{"fields": {"first_name": "A\\u0000", "last_name": "B", "email": "a@example.com"}}', 422, "validation"),
        (b'{"fields": {"first_name": "\\ud800", "last_name": "B", "email": "a@example.com"}}', 422, "validation"),
        (
            b'{"fields": {"first_name": "A", "last_name": "B", "email": "a@example.com", "admin": true}}',
            422,
            "validation",
        ),
        (b'{"fields": {"first_name": "A", "last_name": "B", "email": "a@example.com"}, "role": 1}', 422, "validation"),
        (b"\xff\xfe\x00", 422, "validation"),
        (b"[" * 50_000, 422, "validation"),
        (b'{"fields": {"first_name": "' + b"x" * 70_000 + b'"}}', 413, "payload-too-large"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else None,
)
async def test_a_malformed_sign_up_is_refused(
    world: World, provider: Provider, body: bytes, status: int, slug: str
) -> None:
    before = counted(world)
    url = f"{world.base_url}/webhooks/signups/{provider.slug}"
    answer = await world.http.post(url, content=body, headers={"content-type": "application/json"})
    problem(answer, slug, status)
    assert counted(world) == before


async def test_every_wrong_field_is_named_at_once(world: World, provider: Provider) -> None:
    answer = await world.sign_up(
        provider, first_name="", last_name="x" * 1000, email="nobody", phone="12", date_of_birth="2999-01-01"
    )
    names = {error["field"] for error in problem(answer, "validation", 422)["errors"]}
    assert names == {"first_name", "last_name", "email", "phone", "date_of_birth"}
    assert "nobody" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/signups/nobody",
        "/webhooks/providers/nobody",
        "/p/nobody",
        "/invitations/nonsense.token",
        "/api/v1/nothing",
        "/webhooks/signups/%00",
        "/webhooks/signups/" + "x" * 5000,
    ],
)
async def test_what_is_not_there_is_a_plain_404(world: World, path: str) -> None:
    method = "POST" if path.startswith("/webhooks") else "GET"
    body = {"fields": {"first_name": "A", "last_name": "B", "email": new_address()}}
    answer = await world.http.request(method, f"{world.base_url}{path}", json=body if method == "POST" else None)
    assert answer.status_code in (401, 404), answer.text[:200]


async def test_a_filled_honeypot_is_thanked_and_forgotten(world: World, provider: Provider) -> None:
    before = counted(world)
    body = {
        "fields": {"first_name": "Bot", "last_name": "Bot", "email": new_address()},
        "website": "http://spam.example",
    }
    answer = await world.http.post(f"{world.base_url}/webhooks/signups/{provider.slug}", json=body)
    assert set(ok(answer, 202)) == {"signup_id"}
    assert counted(world) == before


async def test_an_idempotency_key_makes_a_repeat_the_same_sign_up(world: World, provider: Provider) -> None:
    address = new_address()
    first = ok(await world.sign_up(provider, email=address, key="once"), 202)
    assert ok(await world.sign_up(provider, email=address, key="once"), 202) == first
    problem(await world.sign_up(provider, email=new_address(), key="once"), "conflict", 409)
    assert len(world.rows("SELECT id FROM client WHERE email = %s", address)) == 1


@pytest.mark.parametrize(("method", "path"), PRIVATE_ROUTES)
async def test_without_credentials_nothing_is_shown(world: World, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
        answer = await world.http.request(method, f"{world.base_url}{path}", headers=headers)
        problem(answer, "unauthorized", 401)


async def test_another_practice_is_out_of_reach(world: World, provider: Provider, other_provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    stranger = await world.invited_client(other_provider)
    client = f"/api/v1/clients/{person.client_id}"
    theirs = [
        *(("GET", f"{client}{end}") for end in ("", "/timeline", "/can-book", "/intake")),
        ("POST", f"{client}/send-new-client-forms"),
        ("POST", f"{client}/invitation"),
        *(
            ("GET", f"/api/v1/providers/{provider.slug}/{kind}")
            for kind in ("portal-settings", "greeting", "availability")
        ),
        ("PUT", f"/api/v1/providers/{provider.slug}/portal-settings"),
        *(("POST", f"/api/v1/appointments/{appointment['id']}/{act}") for act in ("cancel", "no-show", "fulfil")),
    ]
    for method, path in theirs:
        answer = await other_provider.request(method, path, json={} if method != "GET" else None)
        problem(answer, "not-found", 404)
    booking = {"client_id": person.client_id, "starts_at": appointment["starts_at"]}
    problem(await other_provider.request("POST", "/api/v1/appointments", json=booking), "not-found", 404)
    for method, end in (("GET", ""), ("POST", "/cancel")):
        path = f"/api/v1/portal/appointments/{appointment['id']}{end}"
        problem(await stranger.request(method, path), "not-found", 404)
    for path in ("/api/v1/clients", "/api/v1/appointments", "/api/v1/payments"):
        listed = json.dumps(await other_provider.get(path))
        assert person.client_id not in listed
    assert (await person.appointment(appointment["id"]))["status"] == "booked"


@pytest.mark.parametrize(
    "starts_at", ["tomorrow", "", 5, None, "2026-12-01T10:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
async def test_a_wrong_time_is_refused(world: World, provider: Provider, starts_at: Any) -> None:
    person = await world.invited_client(provider)
    path = "/api/v1/portal/appointments"
    problem(await person.request("POST", path, json={"starts_at": starts_at}), "validation", 422)


async def test_a_time_off_the_grid_is_not_offered(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    slot = (await person.slots())[-1]
    problem(await person.book(slot.replace(":00:00", ":07:00")), "slot-unavailable", 409)


@pytest.mark.parametrize("password", ["", "short", "password123", "x" * 5000])
async def test_a_weak_password_is_refused_and_the_invitation_stays(
    world: World, provider: Provider, password: str
) -> None:
    address = new_address()
    await provider.invite(email=address)
    token = await world.invitation_token(address)
    url = f"{world.base_url}/api/v1/invitations/{token}/accept"
    problem(await world.http.post(url, json={"password": password}), "validation", 422)
    ok(await world.http.post(url, json={"password": "a good long pass phrase"}))


async def test_a_used_invitation_is_gone(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    token = await world.invitation_token(person.address)
    url = f"{world.base_url}/api/v1/invitations/{token}/accept"
    problem(await world.http.post(url, json={"password": "another pass phrase"}), "invitation-used", 410)


async def test_guessing_passwords_is_slowed_down(world: World, provider: Provider) -> None:
    person = await world.invited_client(provider)
    url = f"{world.base_url}/api/v1/portal/session"
    for _ in range(10):
        guess = await world.http.post(url, json={"email": person.address, "password": "wrong guess"})
        problem(guess, "unauthorized", 401)
    limited = await world.http.post(url, json={"email": person.address, "password": "wrong guess"})
    problem(limited, "rate-limited", 429)
    assert int(limited.headers["retry-after"]) > 0


async def test_guessing_links_is_slowed_down_and_a_shared_address_is_not_punished(world: World) -> None:
    guesser = {"X-Forwarded-For": "198.51.100.77"}
    body = {"password": "a long enough pass phrase"}
    url = f"{world.base_url}/api/v1/invitations/inv_{'x' * 20}.{'y' * 43}/accept"
    for _ in range(100):
        problem(await world.http.post(url, json=body, headers=guesser), "not-found", 404)
    limited = await world.http.post(url, json=body, headers=guesser)
    problem(limited, "rate-limited", 429)
    assert int(limited.headers["Retry-After"]) > 0
    problem(await world.http.post(url, json=body, headers={"X-Forwarded-For": "198.51.100.78"}), "not-found", 404)


async def test_a_foreign_page_cannot_act_with_the_client_s_cookie(world: World, provider: Provider) -> None:
    person, appointment = await world.booked_client(provider)
    path = f"/api/v1/portal/appointments/{appointment['id']}/cancel"
    answer = await person.request("POST", path, headers={"Origin": "https://evil.example"})
    problem(answer, "forbidden", 403)
    assert (await person.appointment(appointment["id"]))["status"] == "booked"
