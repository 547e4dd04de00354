"""The embedded form without a browser: who may frame it, the token that stands for a cookie, and plain refusals."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateways.secrets import HmacTokens
from portal.framing import FORM_LIVES
from tests.driver import Provider, World, new_address, problem
from tests.seeding import settings_of

SITE, OTHER = "https://www.practice.example", "https://practice.example:8443"
PERSON = {"first_name": "Ana", "last_name": "Example"}


@pytest.fixture
async def embedded(provider: Provider) -> Provider:
    await provider.change(website_origins=[SITE, OTHER])
    return provider


def path(provider: Provider, rest: str = "signup") -> str:
    return f"/embed/{provider.slug}/{rest}"


async def look(world: World, where: str) -> httpx.Response:
    return await world.http.get(f"{world.base_url}{where}")


async def send(world: World, provider: Provider, origin: str | None = None, **fields: str) -> httpx.Response:
    headers = {"origin": origin or world.base_url}
    return await world.http.post(f"{world.base_url}{path(provider)}", data=fields, headers=headers)


async def fresh_token(world: World, provider: Provider) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', (await look(world, path(provider))).text)
    assert found is not None
    return found.group(1)


def ancestors(answer: httpx.Response) -> str:
    [found] = re.findall(r"frame-ancestors ([^;]+)", answer.headers["content-security-policy"])
    return str(found)


def known(world: World, address: str) -> int:
    return len(world.rows("SELECT id FROM client WHERE email = %s", address))


async def test_only_the_form_is_framed_and_only_by_the_providers_own_websites(
    world: World, embedded: Provider, other_provider: Provider
) -> None:
    for where in (path(embedded), path(embedded, "signup/done")):
        answer = await look(world, where)
        assert (answer.status_code, ancestors(answer)) == (200, f"{SITE} {OTHER}")
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
    assert ancestors(await look(world, path(other_provider))) == "'none'"
    slug = embedded.slug
    for where in ("/", f"/p/{slug}", f"/p/{slug}/signup", f"/p/{slug}/signup/done", "/portal/sign-in", "/nothing"):
        assert ancestors(await look(world, where)) == "'none'"
    for where in ("/console/sign-in", f"/embed/{slug}.js", f"/embed/{slug}/nothing", "/embed/nobody/signup"):
        assert ancestors(await look(world, where)) == "'none'"


async def test_refusals_can_be_read_where_the_form_stands(world: World, embedded: Provider) -> None:
    foreign = await send(world, embedded, origin="https://evil.example", **PERSON, email=new_address())
    assert (foreign.status_code, ancestors(foreign)) == (403, f"{SITE} {OTHER}")
    assert "came from another website" in foreign.text
    assert 'href="/"' not in foreign.text
    empty = await send(world, embedded, form_token=await fresh_token(world, embedded))
    assert (empty.status_code, ancestors(empty)) == (422, f"{SITE} {OTHER}")
    await embedded.change(allow_anonymous_signup=False)
    closed = await send(world, embedded, **PERSON)
    assert (closed.status_code, ancestors(closed)) == (409, f"{SITE} {OTHER}")
    assert "is closed</h1>" in closed.text


async def test_a_form_is_taken_once_however_often_it_is_sent(world: World, embedded: Provider) -> None:
    address, token = new_address(), await fresh_token(world, embedded)
    for _ in range(2):
        answer = await send(world, embedded, **PERSON, email=address, form_token=token)
        assert (answer.status_code, answer.headers["location"]) == (303, path(embedded, "signup/done"))
        assert "set-cookie" not in answer.headers
    assert known(world, address) == 1


async def test_a_form_without_its_token_is_shown_again_with_what_was_typed(
    world: World, embedded: Provider, other_provider: Provider
) -> None:
    address = new_address()
    keys = HmacTokens(list(settings_of(world.stack).secret_keys.values()))
    now = datetime.now(UTC)

    def shown(at: datetime) -> str:
        return keys.mint("embedded-signup", f"{embedded.slug}:{int(at.timestamp())}:once")

    late = shown(now - FORM_LIVES - timedelta(minutes=1))
    for token in ("", "x", "é", late, late[:-1], await fresh_token(world, other_provider)):
        answer = await send(world, embedded, **PERSON, email=address, form_token=token)
        assert answer.status_code == 409, token
        assert "press Send once more" in answer.text
        assert f'value="{address}"' in answer.text
        assert known(world, address) == 0
    again = re.search(r'name="form_token" value="([^"]+)"', answer.text)
    assert again is not None
    assert (await send(world, embedded, **PERSON, email=address, form_token=again.group(1))).status_code == 303
    other = new_address()
    young = shown(now - FORM_LIVES + timedelta(minutes=1))
    assert (await send(world, embedded, **PERSON, email=other, form_token=young)).status_code == 303
    assert (known(world, address), known(world, other)) == (1, 1)


async def test_robots_that_fill_in_everything_are_thanked_and_forgotten(world: World, embedded: Provider) -> None:
    address, token = new_address(), await fresh_token(world, embedded)
    answer = await send(world, embedded, **PERSON, email=address, form_token=token, website="https://spam.example")
    assert answer.headers["location"] == path(embedded, "signup/done")
    assert known(world, address) == 0


async def test_the_script_is_one_that_any_website_may_load(world: World, provider: Provider) -> None:
    name = "Ada \"</script>\\ O'Hara"
    await provider.request("PUT", f"/api/v1/providers/{provider.slug}/page", json={"name": name})
    answer = await look(world, f"/embed/{provider.slug}.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert "set-cookie" not in answer.headers
    assert f'"{world.base_url}"' in answer.text
    assert "</script>" not in answer.text
    problem(await look(world, "/embed/nobody.js"), "not-found", 404)
