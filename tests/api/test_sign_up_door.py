"""The website's own pages may read every answer of the sign-up door, and no other website's may."""

from __future__ import annotations

import httpx
import pytest

from tests.api.doors import ORIGIN, PROVIDER, FakeDatabase, doors, portal_settings

URL = f"/webhooks/signups/{PROVIDER.slug}"


async def send(method: str, content: bytes, origin: str | None = ORIGIN) -> tuple[httpx.Response, FakeDatabase]:
    database = FakeDatabase(PROVIDER, portal_settings())
    async with doors(database) as http:
        headers = {"origin": origin} if origin else {}
        return await http.request(method, URL, content=content, headers=headers), database


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 422), (b'{"fields": []}', 422), (b'{"fields": {}, "role": 1}', 422), (b"x" * 70_000, 413)],
)
async def test_a_refusal_can_be_read_by_the_website_and_writes_nothing(content: bytes, status: int) -> None:
    answer, database = await send("POST", content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert (database.committed, database.rolled_back, database.rows.added) == (0, 1, [])


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", None])
async def test_another_website_is_allowed_nothing(origin: str | None) -> None:
    for method, content in (("POST", b"{"), ("OPTIONS", b"")):
        answer, _ = await send(method, content, origin)
        assert "access-control-allow-origin" not in answer.headers


async def test_a_preflight_names_what_may_be_sent() -> None:
    answer, _ = await send("OPTIONS", b"")
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["vary"] == "Origin"
    assert "idempotency-key" in answer.headers["access-control-allow-headers"]


async def test_a_filled_honeypot_is_answered_like_a_sign_up() -> None:
    answer, database = await send("POST", b'{"fields": {}, "website": "http://spam.example"}')
    assert answer.status_code == 202
    assert answer.json()["signup_id"].startswith("sgn_")
    assert database.rows.added == []
